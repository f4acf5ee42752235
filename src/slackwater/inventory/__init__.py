"""Who is there: what `inventories/prod.py`, `inventories/staging.py` and `inventories/vagrant.py` are made of."""

from slackwater.inventory.hosts import scaling_group_hosts
from slackwater.inventory.vagrant import vagrant_hosts

__all__ = ["scaling_group_hosts", "vagrant_hosts"]
