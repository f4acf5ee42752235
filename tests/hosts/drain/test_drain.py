"""Hosts leave and come back under load: by hand, at the machine's end, with an agent that dies on the way."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from slackwater.lab import LabHost
from tests.hosts.balancers.desk import measured, settled, states, until
from tests.hosts.converge.running import out
from tests.hosts.releases.site import Site, nothing_lost, traffic

RATE, RTT = 50, 0.04
HOSTS = ("app-1", "app-2")
UNITS = "systemctl list-units --plain --no-legend --state=active,activating 'slackwater-shop@*' | awk '{print $1}'"
AS_AGENT = "setpriv --reuid=slackwater --regid=slackwater --init-groups"


def state(site: Site, name: str) -> dict[str, Any]:
    return dict(json.loads(site.on(name, "slackwater-drain status --json")))


def is_out(said: dict[str, Any]) -> bool:
    return said["state"] == "drained" and said["is_held"]


def serves(site: Site, name: str) -> bool:
    """Also while the host boots: then it does not answer."""
    done = site.lab.host(name).ssh("slackwater-drain status --json")
    return done.returncode == 0 and json.loads(done.stdout)["state"] == "serving"


@pytest.mark.parametrize("name", HOSTS)
def test_a_host_is_taken_out_and_put_back_without_loss(site: Site, balancer: LabHost, name: str) -> None:
    """Its app is stopped while it is out; people at the balancer notice nothing."""
    with traffic(site, RATE, keepalive=1.0, rtt=RTT) as people:
        said = site.good("drain", name, "--reason", "kernel")
        during, running, status = states(balancer)[name], site.on(name, UNITS), site.status()
        time.sleep(2)
        back = site.good("undrain", name)
        settled(balancer, dict.fromkeys(HOSTS, "up"))
        time.sleep(2)
    nothing_lost(site, people)

    assert ("draining", "") == (during, running)
    assert "out of traffic, its app stopped" in said
    assert "serves again" in back
    row = next(row for row in status["hosts"] if row["host"] == name)
    assert ("drained", False) == (row["drain"]["state"], status["ok"])
    assert "kernel" in row["health"]
    assert [] == row["drain"]["cut"]


def test_the_last_one_stays(site: Site) -> None:
    """Nobody would be served."""
    done = site.run("drain", *HOSTS)

    assert 1 == done.returncode
    assert "no app host would be left that serves" in done.stdout
    assert {"serving"} == {state(site, name)["state"] for name in HOSTS}


@pytest.mark.parametrize("name", HOSTS)
def test_the_agent_alone_drains_nothing(site: Site, balancer: LabHost, name: str) -> None:
    """Restarted, killed, stopped: the gate stays open and the app runs."""
    before = site.on(name, UNITS)
    with traffic(site, RATE, keepalive=1.0, rtt=RTT) as people:
        for what in ("restart", "kill -s KILL", "stop", "start"):
            site.on(name, f"systemctl {what} slackwater-drain.service")
            time.sleep(1.5)
            assert "up" == states(balancer)[name]
    nothing_lost(site, people)

    assert before == site.on(name, UNITS)
    assert "" == site.on(name, "ls /run/slackwater-drain/draining 2>/dev/null || true")


@pytest.mark.parametrize("name", HOSTS)
def test_an_agent_that_is_killed_again_and_again_goes_on(site: Site, name: str) -> None:
    """At whatever it is; nobody loses anything, and no time is gained by it."""
    with traffic(site, RATE, keepalive=1.0, rtt=RTT) as people:
        site.on(name, "slackwater-drain drain")
        for _ in range(5):
            site.on(name, "systemctl kill -s KILL slackwater-drain.service || true")
            time.sleep(0.8)
        until(lambda: is_out(state(site, name)), lambda: state(site, name))
        site.good("undrain", name)
    nothing_lost(site, people)


@pytest.mark.parametrize("name", HOSTS)
def test_a_machine_that_goes_down_drains_first(site: Site, balancer: LabHost, name: str) -> None:
    """The balancer hears `draining` before nginx stops, and nothing that was asked is lost."""
    since = time.time()
    with traffic(site, RATE, keepalive=1.0, rtt=RTT) as people:
        time.sleep(1)
        site.lab.host(name).reboot()
        until(lambda: serves(site, name), "the host to serve again", limit=120)
        settled(balancer, dict.fromkeys(HOSTS, "up"), limit=120)
    said = out(balancer, f"journalctl -q -o cat -u slackwater-upstreams --since=@{since:.0f} | grep '^{name} '")
    nothing_lost(site, people)
    measured(said)

    assert "up -> draining: it answers that it drains" in said.splitlines()[0]


def test_a_host_that_was_taken_out_stays_out_over_a_reboot(site: Site, balancer: LabHost) -> None:
    """Its nginx never answers that it is well; called back, it serves."""
    name = "app-1"
    site.good("drain", name)
    site.lab.host(name).reboot()
    until(lambda: "drained" in site.lab.host(name).ssh("slackwater-drain status").stdout, "the agent", limit=120)
    time.sleep(3)
    seen = states(balancer)[name]
    site.good("undrain", name)

    assert "draining" == seen
    settled(balancer, dict.fromkeys(HOSTS, "up"))


@pytest.mark.parametrize("name", HOSTS)
def test_the_agents_rights_are_the_apps_units(site: Site, name: str) -> None:
    """And root's hooks; not nginx, not itself."""
    host = site.lab.host(name)
    slot = next(unit for unit in site.on(name, UNITS).split() if unit.endswith(".service"))
    ask = f"{AS_AGENT} systemctl --no-ask-password"

    assert 0 == host.ssh(f"{ask} start {slot}").returncode
    assert 0 == host.ssh(f"{ask} start slackwater-drain-hooks.service").returncode
    for refused in ("stop nginx.service", f"restart {slot}", "stop slackwater-drain.service", "start ssh.service",
                    "daemon-reload", "reboot"):  # fmt: skip
        assert 0 != host.ssh(f"{ask} {refused}").returncode, refused


def test_hooks_run_as_root_once_the_app_has_stopped(site: Site) -> None:
    """With the app's units gone; what they said is in the journal."""
    name, hook = "app-2", "/etc/slackwater/drain.d/10-test"
    text = f"#!/bin/sh\nid -un\n{UNITS}\necho end"
    site.on(name, f"cat > {hook} <<'END'\n{text}\nEND\nchmod 755 {hook}")
    try:
        site.good("drain", name)
        ran = json.loads(site.on(name, "cat /run/slackwater-drain-hooks/result.json"))["hooks"]
    finally:
        site.on(name, f"rm -f {hook}")
        site.good("undrain", name)

    assert [("10-test", 0, "root\nend")] == [(one["hook"], one["status"], one["said"]) for one in ran]


def test_hooks_at_the_machines_end_have_the_memory_that_they_take(site: Site) -> None:
    """They run beside the agent, whose own limit is 128 MB."""
    name, hook, left = "app-2", "/etc/slackwater/drain.d/10-test", "/var/lib/slackwater/hook.said"
    text = f"#!/bin/sh\npython3 -c \"b'x' * 160_000_000\" && echo whole > {left}"
    site.on(name, f"cat > {hook} <<'END'\n{text}\nEND\nchmod 755 {hook}")
    try:
        site.lab.host(name).reboot()
        until(lambda: serves(site, name), "the host to serve again", limit=120)
        said = site.on(name, f"cat {left}")
    finally:
        site.on(name, f"rm -f {hook} {left}")

    assert "whole" == said.strip()


def test_it_reaches_aws_as_the_machine_does(site: Site) -> None:
    """By the machine's proxy; what else a login has there does not take its modules away."""
    name, kept = HOSTS[0], "/root/environment"
    again = "systemctl restart slackwater-drain.service"
    site.on(name, f"cp -p /etc/environment {kept} && echo PYTHONPATH=/nowhere >> /etc/environment && {again}")
    try:
        process = site.on(name, "systemctl show -p MainPID --value slackwater-drain.service")
        found = site.on(name, f"tr '\\0' '\\n' < /proc/{process.strip()}/environ").splitlines()
    finally:
        site.on(name, f"mv {kept} /etc/environment && {again}")

    assert "PYTHONPATH=/usr/local/lib/slackwater" in found
    assert any(line.startswith("https_proxy=http://") for line in found)


def test_it_costs_next_to_nothing_while_it_serves(site: Site) -> None:
    """Less than 25 MB; its share of a processor is for whoever looks."""
    for name in HOSTS:
        site.on(name, "systemctl restart slackwater-drain.service")
    time.sleep(30)
    for name in HOSTS:
        told = site.on(name, "systemctl show -p MainPID -p CPUUsageNSec slackwater-drain.service")
        values = dict(line.split("=") for line in told.splitlines())
        resident = int(site.on(name, f"awk '/^VmRSS/ {{print $2}}' /proc/{values['MainPID']}/status"))
        ticks = site.on(name, f"cut -d' ' -f14,15 /proc/{values['MainPID']}/stat").split()
        time.sleep(30)
        later = site.on(name, f"cut -d' ' -f14,15 /proc/{values['MainPID']}/stat").split()
        share = (sum(map(int, later)) - sum(map(int, ticks))) / 30
        measured(f"{name}: {resident / 1000:.1f} MB, {share:.2f} % of a processor")

        assert 25_000 > resident
