"""Staging: the same as production, smaller. Put your own group, region and addresses here."""

from slackwater.inventory import scaling_group_hosts as _scaling_group_hosts

_found = _scaling_group_hosts("shop-staging", environment="staging", region="eu-central-1", data={"ssh_user": "admin"})
app, worker = _found["app"], _found["worker"]
# Without AWS: machines that are there already.
# app = [("app-1.staging", {"ssh_hostname": "198.51.100.11", "ssh_user": "admin"})]  # noqa: ERA001
balancer = [("balancer-1.staging", {"ssh_hostname": "198.51.100.10", "ssh_user": "admin"})]

# Who plans and applies the group itself: this machine, which needs no sudo for it.
cloud = [("@local", {"_sudo": False})]
