"""Hosts that leave."""
