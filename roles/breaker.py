"""The breaker on a balancer: suspends the launches of the fleet's scaling group when they keep failing."""

from pyinfra import host
from pyinfra.api import deploy

from slackwater.engine import (
    SYSTEMD_VERIFY,
    Directory,
    File,
    Service,
    data_of,
    packages,
    programs,
    render,
    services,
    tree,
    until,
)
from slackwater.settings import ScalingGroup

UNIT = "slackwater-breaker.service"
UNITS, CONFIGURATION = "/etc/systemd/system", "/etc/slackwater/breaker.json"
REMOVE = f"""# stop the breaker of a host that watches no group any more
set -eu
[ ! -e {UNITS}/{UNIT} ] || systemctl disable --quiet --now {UNIT}
rm -f {CONFIGURATION} {UNITS}/{UNIT}
systemctl daemon-reload
"""


@deploy("breaker")
def breaker() -> None:
    """On balancers, for theirs is the one place that is always there and launches nothing itself."""
    group = _group() if "balancer" in host.groups else None
    if group is None or group.breaker is None or group.breaker.watched_by != "balancers":
        until(name="removed", question=f"test ! -e {UNITS}/{UNIT} || echo there", answer="", command=REMOVE)
        return
    told = {
        "group": group.name,
        "region": group.region,
        "endpoint": group.endpoint,
        "failures": group.breaker.failures,
        "expiry": group.breaker.expiry,
    }
    packages(name="packages", names=["python3-boto3"])
    code = programs("breaker")
    unit = File(f"{UNITS}/{UNIT}", render("breaker/breaker.service.j2"))
    tree(name="program", items=[*code, unit], check=SYSTEMD_VERIFY)
    configuration = File(CONFIGURATION, render("breaker/breaker.json.j2", told=told))
    tree(name="configuration", items=[Directory("/etc/slackwater"), configuration])
    read = [item.path for item in (*code, unit, configuration) if isinstance(item, File)]
    services(name="services", wanted=[Service(UNIT, read, "restart")])


def _group() -> ScalingGroup | None:
    """The fleet's, as its host `cloud` is told it; the balancer's own groups know nothing of it."""
    found = [data.get("scaling_group") for data in data_of("cloud")]
    return next((group for group in found if isinstance(group, ScalingGroup)), None)
