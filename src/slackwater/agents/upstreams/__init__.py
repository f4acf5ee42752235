"""Runs on every balancer: finds the backends, asks them how they are, decides who serves, tells nginx."""
