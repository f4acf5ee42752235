"""The balancer's agent: asks the app hosts how they are, and tells nginx who serves."""

from pyinfra import host
from pyinfra.api import deploy

from slackwater.engine import (
    SYSTEMD_VERIFY,
    Directory,
    File,
    Service,
    addresses,
    data_of,
    names,
    programs,
    render,
    services,
    tree,
    until,
)
from slackwater.settings import Balancer, resolve, upstreams_json

UNITS = "/etc/systemd/system"
CONFIGURATION = "/etc/slackwater/upstreams.json"
AGENT, CUT, RELOAD = "slackwater-upstreams.service", "slackwater-cut.socket", "slackwater-reload.path"
REMOVE = f"""# stop the agent of a balancer that is none any more
set -eu
systemctl disable --quiet --now {AGENT} {CUT}
rm -rf /var/lib/slackwater/balancer {CONFIGURATION} {UNITS}/slackwater-cut@.service {UNITS}/{CUT}
systemctl daemon-reload
rm -f {UNITS}/{AGENT}
"""
"""The agent's unit goes last: it is how the next run knows that there is something to remove."""


@deploy("upstreams")
def upstreams() -> None:
    """Runs after the role nginx, whose list of members it keeps. Its restart changes nothing for anybody."""
    if "balancer" not in host.groups:
        until(name="removed", question=f"test ! -e {UNITS}/{AGENT} || echo there", answer="", command=REMOVE)
        return
    told = resolve(host.data).balancer
    code = programs("upstreams", "cut")
    units = [
        File(f"{UNITS}/{AGENT}", render("upstreams/upstreams.service.j2")),
        File(f"{UNITS}/{CUT}", render("upstreams/cut.socket.j2")),
        File(f"{UNITS}/slackwater-cut@.service", render("upstreams/cut@.service.j2")),
    ]
    reloads = _reload_units(told)
    tree(name="program", items=[*code, *units, *reloads], check=SYSTEMD_VERIFY)
    text = upstreams_json(told, zip(names("app"), addresses("app"), _ports(), strict=True))
    # The agent reads it again by itself.
    tree(
        name="configuration", items=[Directory("/etc/slackwater"), File(CONFIGURATION, text, "640", group="slackwater")]
    )
    read = [item.path for item in (*code, *units[:1]) if isinstance(item, File)]
    path = [Service(RELOAD, [f"{UNITS}/{RELOAD}"], "restart")] if told.changes == "reload" else []
    wanted = [Service(CUT, [units[1].path], "restart"), *path, Service(AGENT, read, "restart")]
    services(name="services", wanted=wanted)


def _reload_units(told: Balancer) -> list[File]:
    """Where nginx has no Lua module: what reloads it when the agent has written another list."""
    if told.changes == "lua":
        return []
    service = render("upstreams/reload.service.j2", balancer=told)
    return [
        File(f"{UNITS}/{RELOAD}", render("upstreams/reload.path.j2")),
        File(f"{UNITS}/slackwater-reload.service", service),
    ]


def _ports() -> list[int]:
    return [resolve(data).require_app().port for data in data_of("app")]
