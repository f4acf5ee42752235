"""What somebody changed by hand is put right, and nothing else is touched."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from slackwater.lab import Lab
from tests.hosts.converge.running import LONG_ONLY, converge, live_slot, out, settle

CURRENT = "/srv/slackwater/shop/current"
NAMES = {
    "site": "/etc/nginx/slackwater.d/app.conf",
    "pool": "/etc/nginx/slackwater.d/balancer.conf",
    "units": "/etc/systemd/system",
    "environment": "/etc/slackwater/shop/*/environment",
}


@dataclass(frozen=True)
class Drift:
    """`done` by hand on `host`; `repaired` succeeds once the `operations` have put it right."""

    host: str
    done: str
    repaired: str
    operations: tuple[str, ...]


NGINX = ("nginx | configuration", "nginx | service")
BALANCER = ("balancer | configuration", "nginx | service")
SWITCH, SLOT = ("app | switch",), ("app | slot and boot unit",)
CASES = {
    "an edited site": Drift("app-1", "echo '# edited' >> {site}", "! grep -q edited {site}", NGINX),
    "a lost site": Drift("app-2", "rm {site}", "test -s {site}", NGINX),
    "an edited pool": Drift("balancer-1", "sed -i s/least_conn/ip_hash/ {pool}", "grep least_conn {pool}", BALANCER),
    "a changed mode": Drift("app-1", "chmod 600 {site}", "stat -c %a {site} | grep -x 644", NGINX),
    "a changed owner": Drift(
        "app-1",
        "chown www-data /etc/logrotate.d/nginx",
        "stat -c %U /etc/logrotate.d/nginx | grep -x root",
        ("logrotate | configuration",),
    ),
    "a stopped service": Drift("app-2", "systemctl stop nginx", "systemctl is-active nginx", ("nginx | service",)),
    "a disabled service": Drift(
        "app-1", "systemctl disable -q nginx", "systemctl is-enabled nginx", ("nginx | service",)
    ),
    "a stopped slot": Drift(
        "app-1",
        "systemctl stop {slot}.socket {slot}.service",
        "systemctl is-active {slot}.socket {slot}.service",
        SWITCH,
    ),
    "a disabled boot unit": Drift(
        "app-2", "systemctl disable -q slackwater-shop", "systemctl is-enabled slackwater-shop", ("app | boot unit",)
    ),
    "a deleted link to the socket": Drift(
        "app-1", "rm /run/slackwater/shop/current.sock", "curl -fsS localhost:8000/", SWITCH
    ),
    "a deleted link to the release": Drift("app-2", f"rm {CURRENT}", f"test -d {CURRENT}/venv", SWITCH),
    "readable settings": Drift("app-1", "chmod 644 {environment}", "! stat -c %a {environment} | grep -v 600", SLOT),
    "an edited unit that systemd has read": Drift(
        "app-1",
        "sed -i 's/^Restart=.*/Restart=no/' {units}/{slot}.service && systemctl daemon-reload",
        "systemctl show -P Restart {slot}.service | grep -x always",
        SLOT + SWITCH,
    ),
    "a lost socket": Drift("app-2", "rm /run/slackwater/shop/src-*.sock", "curl -fsS localhost:8000/", SWITCH),
    "a disabled timer": Drift(
        "app-1",
        "systemctl disable -q --now apt-daily-upgrade.timer",
        "systemctl is-enabled apt-daily-upgrade.timer",
        ("base | services",),
    ),
    "no time": Drift(
        "app-2",
        "systemctl disable -q systemd-timesyncd",
        "systemctl is-enabled systemd-timesyncd",
        ("base | services",),
    ),
    "a held package": Drift("app-1", "apt-mark hold nginx", "apt-mark unhold nginx", ()),
    "lost settings of apt": Drift(
        "balancer-1",
        "rm -r /etc/apt/apt.conf.d/7*slackwater*",
        "test -s /etc/apt/apt.conf.d/71slackwater-upgrades",
        ("base | apt", "base | settings"),
    ),
    "a removed package": Drift("app-2", "apt-get -q -y remove logrotate", "command -v logrotate", ("base | packages",)),
    "a removed tool": Drift(
        "app-1", "rm -r /opt/slackwater/uv", "/opt/slackwater/uv/bin/uv --version", ("python | uv",)
    ),
    "a release without its marker": Drift(
        "app-2", f"rm {CURRENT}/release.json", f"test -s {CURRENT}/release.json", ("app | release",)
    ),
}


DAILY = set(list(CASES)[::3])
"""Of each kind some: files, modes, units, links, packages."""


@pytest.mark.parametrize(
    "drift",
    [pytest.param(drift, id=name, marks=[] if name in DAILY else LONG_ONLY) for name, drift in CASES.items()],
)
def test_drift_is_repaired_and_only_that(serving: Lab, drift: Drift) -> None:
    """The operations that are concerned, on the host that is concerned."""
    machine = serving.host(drift.host)
    names = NAMES | ({"slot": f"slackwater-shop@{live_slot(machine)}"} if drift.host != "balancer-1" else {})
    out(machine, drift.done.format(**names))
    outcome = settle(serving)
    out(machine, drift.repaired.format(**names))

    assert {name: {drift.host} for name in drift.operations} == outcome.changed


def test_a_run_that_died_before_the_reload_is_made_good(serving: Lab) -> None:
    """The file is as wanted but nginx has not read it: the next run reloads, and the one after rests."""
    machine = serving.host("app-1")
    site = "/etc/nginx/slackwater.d/app.conf"
    out(machine, f"cp -p {site} {site}.new && mv {site}.new {site}")
    outcome = settle(serving)

    assert {"nginx | service": {"app-1"}} == outcome.changed
    assert {} == converge(serving).changed
