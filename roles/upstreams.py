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
from slackwater.settings import Balancer, backends, resolve, upstreams_json

UNITS = "/etc/systemd/system"
CONFIGURATION = "/etc/slackwater/upstreams.json"
SITE = "/etc/nginx/slackwater.d/balancer.conf"
OWN = "/etc/nginx/slackwater"
RELOADED = "/run/slackwater-balancer/reloaded.json"
MEMBERS, SERVERS = "/var/lib/slackwater/balancer/members.json", "/etc/nginx/slackwater/members.conf"
AGENT, CUT = "slackwater-upstreams.service", "slackwater-cut.socket"
RELOAD, RELOADS = "slackwater-reload.path", "slackwater-reload.service"
REMOVE_RELOAD = f"""# stop what reloads nginx for the agent
set -eu
systemctl disable --quiet --now {RELOAD}
rm -f {UNITS}/{RELOADS}
systemctl daemon-reload
rm -f {UNITS}/{RELOAD}
"""
REMOVE = f"""# stop the agent of a balancer that is none any more
set -eu
for unit in {AGENT} {CUT} {RELOAD}; do
  [ ! -e {UNITS}/$unit ] || systemctl disable --quiet --now $unit
done
rm -rf /var/lib/slackwater/balancer {CONFIGURATION} /etc/tmpfiles.d/slackwater-balancer.conf {SITE}
rm -rf {OWN}/lua {OWN}/members.conf {OWN}/maintenance.html {OWN}/backends-ca.pem {OWN}/tls/balancer.pem
rm -f {RELOADED}
rm -f {UNITS}/slackwater-cut@.service {UNITS}/{CUT} {UNITS}/{RELOAD} {UNITS}/{RELOADS}
systemctl daemon-reload
! systemctl is-active --quiet nginx.service || systemctl reload nginx.service
rm -f {UNITS}/{AGENT}
"""
"""The agent's unit goes last: it is how the next run knows that there is something to remove. What nginx had of a
balancer goes with it, for the role nginx does not come to a host that is neither; so does the key that was given. A
self-signed one may be the app's, too."""


@deploy("upstreams")
def upstreams() -> None:
    """Runs after the role nginx, whose list of members it keeps. Its restart changes nothing for anybody."""
    if "balancer" not in host.groups:
        until(name="removed", question=f"test ! -e {UNITS}/{AGENT} || echo there", answer="", command=REMOVE)
        return
    told = resolve(host.data).balancer
    code = programs("upstreams", "cut", "closing")
    units = [
        File(f"{UNITS}/{AGENT}", render("upstreams/upstreams.service.j2")),
        File(f"{UNITS}/{CUT}", render("upstreams/cut.socket.j2")),
        File(f"{UNITS}/slackwater-cut@.service", render("upstreams/cut@.service.j2")),
    ]
    reloads = _reload_units(told)
    tree(name="program", items=[*code, *units, *reloads], check=SYSTEMD_VERIFY)
    text = upstreams_json(told, backends(names("app"), addresses("app"), map(resolve, data_of("app"))))
    # The agent reads it again by itself.
    tree(
        name="configuration", items=[Directory("/etc/slackwater"), File(CONFIGURATION, text, "640", group="slackwater")]
    )
    read = [item.path for item in (*code, *units[:1]) if isinstance(item, File)]
    wanted = [Service(CUT, [units[1].path], "restart"), *_reload_services(reloads), Service(AGENT, read, "restart")]
    services(name="services", wanted=wanted)
    if told.changes == "lua":
        until(name="no reloads", question=f"test ! -e {UNITS}/{RELOAD} || echo there", answer="", command=REMOVE_RELOAD)
    else:
        _take_up_options(told)


def _reload_units(told: Balancer) -> list[File]:
    """Where nginx has no Lua module: what reloads it when the agent has written another list."""
    if told.changes == "lua":
        return []
    service = render("upstreams/reload.service.j2", balancer=told)
    return [File(f"{UNITS}/{RELOAD}", render("upstreams/reload.path.j2")), File(f"{UNITS}/{RELOADS}", service)]


def _reload_services(units: list[File]) -> list[Service]:
    """The service is started by the path alone; it is named so that systemd reads it again when it has changed."""
    return [Service(RELOAD, [units[0].path], "restart"), Service(RELOADS, running=False)] if units else []


def _take_up_options(told: Balancer) -> None:
    """Else they would wait for the next change of the members."""
    options = f"max_fails={told.max_fails} fail_timeout={told.fail_timeout}s"
    question = f"[ ! -s {MEMBERS} ] || grep -qs '{options}' {SERVERS} || echo other"
    until(name="options", question=question, answer="", command=f"systemctl start {RELOADS}")
