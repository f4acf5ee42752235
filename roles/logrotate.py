"""Logs: daily, compressed, a fortnight kept, reopened by signal; and shipped to where they outlive the host."""

from typing import Any

from pyinfra import host
from pyinfra.api import deploy

from slackwater.engine import (
    LOGROTATE_DEBUG,
    SYSTEMD_VERIFY,
    Directory,
    File,
    Item,
    Service,
    programs,
    render,
    services,
    told,
    tree,
    until,
    user_of,
)
from slackwater.settings import App, HostSettings

UNITS, CONFIGURATION, STATE = "/etc/systemd/system", "/etc/slackwater/logs.json", "/var/lib/slackwater/logs"
SHIPS, LAST, TIMER = "slackwater-logs.service", "slackwater-logs-last.service", "slackwater-logs.timer"
LAST_SECONDS = 20
"""For the last lines while the machine goes down: a bucket that is away must not hold it up for long."""
REMOVE = f"""# stop shipping the logs of a host that is told no place for them any more
set -eu
systemctl disable --quiet --now {TIMER} {LAST}
rm -rf {CONFIGURATION} {STATE} {UNITS}/slackwater-*@.service.d/logs.conf {UNITS}/celery-*@.service.d/logs.conf
rm -f {UNITS}/{TIMER} {UNITS}/{LAST}
systemctl daemon-reload
rm -f {UNITS}/{SHIPS}
"""


@deploy("logrotate")
def logrotate() -> None:
    """nginx's logs where there is nginx, the app's where the app or its workers are."""
    settings, groups = told(), set(host.groups)
    app = settings.app if {"app", "worker"} & groups else None
    items: list[Item] = []
    if {"app", "balancer"} & groups:
        items.append(File("/etc/logrotate.d/nginx", render("logrotate/nginx.j2", keep=settings.logs.keep)))
    if app:
        text = render("logrotate/app.j2", app=app.name, user=user_of(app), keep=settings.logs.keep)
        items.append(File("/etc/logrotate.d/slackwater-app", text))
    if items:
        tree(name="configuration", items=items, check=LOGROTATE_DEBUG)
        services(name="timer", wanted=[Service("logrotate.timer")])
    if settings.logs.ship_to and {"app", "balancer", "worker"} & groups:
        _shipped(settings, app)
    else:
        question = f"test ! -e {UNITS}/{SHIPS} || echo there"
        until(name="removed", question=question, answer="", command=REMOVE)


def _shipped(settings: HostSettings, app: App | None) -> None:
    """By a timer: nothing of it stays in memory between two runs."""
    directory = "" if settings.logs.bucket else settings.logs.ship_to
    values = {"directory": directory, "app": app.name if app else "", "seconds": LAST_SECONDS}
    templates = {SHIPS: "logs.service.j2", LAST: "logs_last.service.j2", TIMER: "logs.timer.j2"}
    units = [File(f"{UNITS}/{unit}", render(f"logrotate/{name}", **values)) for unit, name in templates.items()]
    tree(name="shipper", items=[*programs("logs"), *units], check=SYSTEMD_VERIFY)
    configuration = File(CONFIGURATION, render("logrotate/logs.json.j2", told=_told(settings, app)))
    tree(name="where to", items=[Directory("/etc/slackwater"), *_places(), configuration, *_after(app)])
    services(name="shipping", wanted=[Service(LAST), Service(TIMER, [f"{UNITS}/{TIMER}"], "restart")])


def _places() -> list[Item]:
    """A leave may come before the first run has made them."""
    return [Directory("/var/lib/slackwater"), Directory(STATE, "700")]


def _after(app: App | None) -> list[Item]:
    """A unit of its own for each slot, and a change of that would be another slot."""
    if app is None:
        return []
    slots = [f"celery-{app.name}", f"celery-{app.name}-beat"] if "worker" in host.groups else [f"slackwater-{app.name}"]
    folders = [f"{UNITS}/{name}@.service.d" for name in slots]
    text = render("logrotate/slots.conf.j2")
    return [item for folder in folders for item in (Directory(folder), File(f"{folder}/logs.conf", text))]


def _told(settings: HostSettings, app: App | None) -> dict[str, Any]:
    """The shipper's own words are left out: they would be something new to ship after each run."""
    agents = ("drain", "drain-hooks", "gate", "upstreams", "breaker")
    units = [*(f"slackwater-{name}.service" for name in agents), "nginx.service", "keepalived.service", "celery-*"]
    files = ["/var/log/nginx/*.log"]
    if app:
        units += [f"slackwater-{app.name}.service", f"slackwater-{app.name}@*", f"slackwater-{app.name}.*"]
        files.append(f"/var/log/slackwater/{app.name}/*.log")
    place = {"ship_to": settings.logs.ship_to, "fleet": settings.fleet, "host": host.name}
    return {**place, "units": units, "files": files}
