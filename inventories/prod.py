"""Production: the instances of an Auto Scaling group as AWS knows them now, and machines that are there anyway.

Put your own group, region and addresses here; docs/inventories.md has the rest.
"""

from slackwater.inventory import scaling_group_hosts as _scaling_group_hosts

_found = _scaling_group_hosts("shop-prod", environment="prod", region="eu-central-1", data={"ssh_user": "admin"})
app, worker = _found["app"], _found["worker"]
# Without AWS: machines that are there already. `address` is the one the fleet uses among itself.
# app = [("app-1", {"ssh_hostname": "203.0.113.11", "address": "10.0.1.11", "ssh_user": "admin"})]  # noqa: ERA001
balancer = [("balancer-1", {"ssh_hostname": "203.0.113.10", "address": "10.0.1.10", "ssh_user": "admin"})]

# Who plans and applies the group itself: this machine, which needs no sudo for it.
cloud = [("@local", {"_sudo": False})]
