"""Inventories from AWS: what `inventories/prod.py` and `inventories/staging.py` are made of."""

from slackwater.inventory.hosts import scaling_group_hosts

__all__ = ["scaling_group_hosts"]
