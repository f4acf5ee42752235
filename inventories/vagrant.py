"""The fleet as VMs, as `vagrant up` made it in vagrant/: those that are up."""

from slackwater.inventory import vagrant_hosts as _vagrant_hosts

_found = _vagrant_hosts()
app, worker, balancer, database = (_found[_name] for _name in ("app", "worker", "balancer", "database"))
