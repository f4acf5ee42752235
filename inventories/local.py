"""The lab on this machine, as `slackwater lab up` made it; another one by SLACKWATER_LAB=<name>."""

from slackwater.lab.inventory import groups as _groups

_found = _groups()
app, worker, balancer, cache = (_found[_name] for _name in ("app", "worker", "balancer", "cache"))
