"""The drain agent: on every host with an app or workers, so that it leaves without losing a request."""

from typing import Any

from pyinfra import host
from pyinfra.api import deploy

from slackwater.engine import (
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
)
from slackwater.settings import App, HostSettings

UNITS, CONFIGURATION = "/etc/systemd/system", "/etc/slackwater/drain.json"
AGENT, GATE, HOOKS = "slackwater-drain.service", "slackwater-gate.service", "slackwater-drain-hooks.service"
RULES = "/etc/polkit-1/rules.d/50-slackwater-drain.rules"
COMMAND = "/usr/local/sbin/slackwater-drain"
STATE, RUN, OF_HOOKS = "/var/lib/slackwater/drain", "/run/slackwater-drain", "/run/slackwater-drain-hooks"
WISH = "/var/lib/slackwater/drain.wish"
STOPS = 5
"""Seconds for systemd to stop a unit and say so, beside the unit's own."""
MARGIN = 15
"""Seconds for systemd's and Python's own start and end, beside what is told."""
REMOVE = f"""# stop the drain agent of a host that has neither app nor workers any more
set -eu
for unit in {AGENT} {GATE} {HOOKS}; do
  [ ! -e {UNITS}/$unit ] || systemctl disable --quiet --now $unit
done
rm -rf {STATE} {WISH} {RUN} {OF_HOOKS} {CONFIGURATION} {COMMAND} {RULES} /etc/tmpfiles.d/slackwater-drain.conf
rm -f {UNITS}/{GATE} {UNITS}/{HOOKS}
systemctl daemon-reload
rm -f {UNITS}/{AGENT}
"""
"""The hooks in drain.d are the operator's own and stay."""


@deploy("drain")
def drain() -> None:
    """Runs after the role nginx, whose gate it closes. Its restart changes nothing for anybody."""
    if not {"app", "worker"} & set(host.groups):
        until(name="removed", question=f"test ! -e {UNITS}/{AGENT} || echo there", answer="", command=REMOVE)
        return
    settings = told()
    app = settings.app if "app" in host.groups else None
    code = programs("drain")
    agent = File(f"{UNITS}/{AGENT}", render("drain/drain.service.j2", stop_timeout=_longest(settings)))
    tree(name="program", items=[*code, agent, *_units(settings)], check=SYSTEMD_VERIFY)
    configuration = File(CONFIGURATION, render("drain/drain.json.j2", told=_told(settings, app)))
    tree(name="configuration", items=[*_places(), configuration, *_rights(app)])
    read = [item.path for item in (*code, agent, configuration) if isinstance(item, File)]
    wanted = [Service(GATE, running=False), Service(HOOKS, running=False), Service(AGENT, read, "restart")]
    services(name="services", wanted=wanted)


def _units(told: HostSettings) -> list[File]:
    hooks = render("drain/hooks.service.j2", hooks_timeout=told.drain.hooks + MARGIN)
    return [File(f"{UNITS}/{HOOKS}", hooks), File(f"{UNITS}/{GATE}", render("drain/gate.service.j2"))]


def _places() -> list[Item]:
    return [
        Directory("/etc/slackwater"),
        Directory("/etc/slackwater/drain.d"),
        Directory("/var/lib/slackwater"),
        Directory(STATE, "755", "slackwater", "slackwater"),
        Directory(WISH),
        Directory(RUN, "755", "slackwater", "slackwater"),
        Directory(OF_HOOKS),
        File("/etc/tmpfiles.d/slackwater-drain.conf", render("drain/tmpfiles.conf.j2")),
        File(COMMAND, render("drain/slackwater-drain.j2"), "755"),
    ]


def _rights(app: App | None) -> list[Item]:
    """polkit reads its rules by itself when they change."""
    return [File(RULES, render("drain/drain.rules.j2", app=app.name if app else ""))]


def _told(told: HostSettings, app: App | None) -> dict[str, Any]:
    drain = told.drain
    worker = told.worker if app is None else None
    rules = {
        "deadline": drain.deadline,
        "requests": drain.requests,
        "stop": told.server.effective_stop_timeout + STOPS,
        "workers": worker.stop_timeout + STOPS if worker else 0,
        "hooks": drain.hooks,
        "rebalance": drain.rebalance,
        "maintenance": drain.maintenance,
    }
    site = {"name": app.name, "port": app.port, "tls": app.nginx.tls is not None} if app else None
    return {"app": site, "worker": told.app.name if worker and told.app else None, "rules": rules}


def _longest(told: HostSettings) -> int:
    """Seconds that the agent's own end may take while the machine goes down."""
    return told.drain.deadline + told.drain.hooks + MARGIN
