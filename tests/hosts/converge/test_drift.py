"""What somebody changed by hand is put right, and nothing else is touched."""

from __future__ import annotations

import pytest

from slackwater.lab import Lab
from tests.hosts.converge.running import converge, live_slot, out, settle

CURRENT = "/srv/slackwater/shop/current"
NGINX = {"nginx | configuration", "nginx | service"}


@pytest.mark.parametrize(
    ("host", "drift", "repaired", "operations"),
    [
        ("app-1", "echo '# edited' >> {site}", "! grep -q edited {site}", NGINX),
        ("app-2", "rm {site}", "test -s {site}", NGINX),
        ("balancer-1", "sed -i s/least_conn/ip_hash/ {pool}", "grep -q least_conn {pool}", {"balancer | configuration", "balancer | service"}),
        ("app-1", "chmod 600 /etc/nginx/nginx.conf", "stat -c %a /etc/nginx/nginx.conf | grep -qx 644", NGINX),
        ("app-1", "chown www-data /etc/logrotate.d/nginx", "stat -c %U /etc/logrotate.d/nginx | grep -qx root", {"logrotate | configuration"}),
        ("app-2", "systemctl stop nginx", "systemctl is-active nginx", {"nginx | service"}),
        ("app-1", "systemctl disable -q nginx", "systemctl is-enabled nginx", {"nginx | service"}),
        ("app-1", "systemctl stop {slot}.socket {slot}.service", "systemctl is-active {slot}.socket {slot}.service", {"app | switch"}),
        ("app-2", "systemctl disable -q slackwater-shop", "systemctl is-enabled slackwater-shop", {"app | boot unit"}),
        ("app-1", "rm /run/slackwater/shop/current.sock", "curl -fsS localhost:8000/", {"app | switch"}),
        ("app-2", f"rm {CURRENT}", f"test -d {CURRENT}/venv", {"app | switch"}),
        ("app-1", "chmod 644 /etc/slackwater/shop/*/environment", "! find /etc/slackwater/shop -name environment -perm -4 | grep .", {"app | slot and boot unit"}),
        ("app-1", "sed -i 's/^Restart=.*/Restart=no/' /etc/systemd/system/{slot}.service", "grep -qx Restart=always /etc/systemd/system/{slot}.service", {"app | slot and boot unit"}),
        ("balancer-1", "rm -r /etc/apt/apt.conf.d/7*slackwater*", "test -s /etc/apt/apt.conf.d/71slackwater-upgrades", {"base | apt", "base | settings"}),
        ("app-2", "apt-get -q -y remove logrotate", "command -v logrotate", {"base | packages"}),
        ("app-1", "rm -r /opt/slackwater/uv", "/opt/slackwater/uv/bin/uv --version", {"python | uv"}),
        ("app-2", "rm /srv/slackwater/shop/current/release.json", "test -s /srv/slackwater/shop/current/release.json", {"app | release"}),
    ],
    ids=lambda value: value if isinstance(value, str) and len(value) < 60 else "",
)  # fmt: skip
def test_drift_is_repaired_and_only_that(
    serving: Lab, host: str, drift: str, repaired: str, operations: set[str]
) -> None:
    """The operations that are concerned, on the host that is concerned."""
    machine = serving.host(host)
    names = {
        "site": "/etc/nginx/slackwater.d/app.conf",
        "pool": "/etc/nginx/slackwater.d/balancer.conf",
        "slot": f"slackwater-shop@{live_slot(machine)}" if host != "balancer-1" else "",
    }
    out(machine, drift.format(**names))
    outcome = settle(serving)
    out(machine, repaired.format(**names))

    assert dict.fromkeys(operations, {host}) == outcome.changed


def test_a_run_that_died_before_the_reload_is_made_good(serving: Lab) -> None:
    """The file is as wanted but nginx has not read it: the next run reloads, and the one after rests."""
    machine = serving.host("app-1")
    site = "/etc/nginx/slackwater.d/app.conf"
    out(machine, f"cp -p {site} {site}.new && mv {site}.new {site}")
    outcome = settle(serving)

    assert {"nginx | service": {"app-1"}} == outcome.changed
    assert {} == converge(serving).changed
