"""Who gets what, in order: `pyinfra inventories/<environment>.py deploy.py`."""

from pyinfra import host

from roles.app import app
from roles.balancer import balancer
from roles.base import base
from roles.breaker import breaker
from roles.cache import cache
from roles.certbot import certbot
from roles.certificates import certificates
from roles.drain import drain
from roles.former_apps import former_apps
from roles.keepalived import keepalived
from roles.logrotate import logrotate
from roles.nginx import nginx
from roles.python import python
from roles.scaling_group import scaling_group
from roles.upstreams import upstreams
from roles.worker import worker
from slackwater.engine import report

report.begin()
if "cloud" not in host.groups:
    base()
    cache()
    python()
    if "app" in host.groups:
        app()
    worker()
    if {"app", "balancer"} & set(host.groups):
        certificates()
        if "balancer" in host.groups:
            balancer()
        nginx()
    upstreams()  # of a host that was a balancer, these take themselves away
    drain()
    keepalived()
    breaker()
    certbot()
    former_apps()
    logrotate()
else:
    scaling_group()
