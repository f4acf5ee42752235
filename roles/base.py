"""Every host: the packages of all its roles in one transaction, time, security updates, apt's patience, the journal."""

from pathlib import PurePosixPath

from pyinfra import host
from pyinfra.api import deploy

from slackwater.engine import (
    Directory,
    File,
    Item,
    Machine,
    Service,
    System,
    ask,
    packages,
    refuse,
    render,
    services,
    system_user,
    tree,
)
from slackwater.settings import HostSettings, resolve

SUPPORTED = {("debian", "12"), ("debian", "13"), ("ubuntu", "24.04")}
PACKAGES = {
    "all": ("ca-certificates", "logrotate", "unattended-upgrades", "python3"),
    "app": ("nginx", "python3-venv", "iproute2", "polkitd"),
    "worker": ("python3-venv", "polkitd"),
    "cache": ("redis-server", "iproute2"),
    "balancer": ("nginx", "iproute2"),
}
"""What the distribution gives each group. One list, because apt costs the same for one package as for ten."""

UPGRADES = "/etc/apt/apt.conf.d/71slackwater-upgrades"
JOURNAL = "/etc/systemd/journald.conf.d/slackwater.conf"


@deploy("base")
def base() -> None:
    """Refuses a system nobody has tested; then makes the host ready for the other roles."""
    machine = ask(System)
    if machine is None or (machine.system, machine.version) not in SUPPORTED:
        found = f"{machine.system} {machine.version}".strip() if machine else "a system without /etc/os-release"
        refuse(
            name="supported system",
            sentence=f"{host.name} is {found}; Slackwater supports Debian 12, Debian 13 and Ubuntu 24.04. "
            "Nothing was changed on it: take it out of the inventory or install one of these.",
        )
        return
    told = resolve(host.data)
    tree(name="apt", items=[File("/etc/apt/apt.conf.d/70slackwater", render("base/apt.conf.j2"))])
    packages(name="packages", names=[*_packages(told), *([] if machine.time_daemon else ["systemd-timesyncd"])])
    system_user(name="service user", user="slackwater", home="/var/lib/slackwater")
    upgrades = render("base/unattended-upgrades.j2", system=machine.system)
    journal = File(JOURNAL, render("base/journald.conf.j2", journal_max=told.logs.journal_max))
    items: list[Item] = [File(UPGRADES, upgrades), Directory(str(PurePosixPath(JOURNAL).parent)), journal]
    if machine.system == "ubuntu":
        items.append(File("/etc/needrestart/conf.d/slackwater.conf", render("base/needrestart.conf.j2")))
    tree(name="settings", items=items)
    services(name="services", wanted=_services(machine))


def _packages(told: HostSettings) -> list[str]:
    names = [name for group in ("all", *host.groups) for name in PACKAGES.get(group, ())]
    if "balancer" not in host.groups:
        return names
    told_too = {
        "libnginx-mod-http-lua": told.balancer.changes == "lua",
        "lua-cjson": told.balancer.changes == "lua",
        "keepalived": told.balancer.address is not None,
        "nftables": told.balancer.address is not None,
        "python3-boto3": any(source.kind == "auto_scaling" for source in told.balancer.membership),
    }
    return [*names, *(name for name, wanted in told_too.items() if wanted)]


def _services(machine: Machine) -> list[Service]:
    """Time, the journal and the nightly updates; a container has the machine's clock, so timesyncd need not run."""
    time = [] if machine.time_daemon else [Service("systemd-timesyncd.service", running=False)]
    updates = [Service("apt-daily.timer"), Service("apt-daily-upgrade.timer"), Service("unattended-upgrades.service")]
    return [Service("systemd-journald.service", [JOURNAL], renew="restart"), *time, *updates]
