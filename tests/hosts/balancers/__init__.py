"""Balancers under load: members that come, go and die."""
