"""Logs: daily, compressed, a fortnight kept, reopened by signal."""

from pyinfra import host
from pyinfra.api import deploy

from slackwater.engine import LOGROTATE_DEBUG, File, Item, Service, render, services, tree, user_of
from slackwater.settings import resolve


@deploy("logrotate")
def logrotate() -> None:
    """nginx's logs where there is nginx, the app's where there is an app."""
    told = resolve(host.data)
    items: list[Item] = []
    if {"app", "balancer"} & set(host.groups):
        items.append(File("/etc/logrotate.d/nginx", render("logrotate/nginx.j2", keep=told.logs.keep)))
    if "app" in host.groups and told.app:
        text = render("logrotate/app.j2", app=told.app.name, user=user_of(told.app), keep=told.logs.keep)
        items.append(File("/etc/logrotate.d/slackwater-app", text))
    if items:
        tree(name="configuration", items=items, check=LOGROTATE_DEBUG)
        services(name="timer", wanted=[Service("logrotate.timer")])
