"""`Balancer.changes` is set to "reload" and back to "lua" while people are served."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import pytest
import requests

from slackwater.lab import Lab, LabHost, load
from tests.hosts.balancers.desk import SOCKET, agent, measured, members, settled, states, until
from tests.hosts.converge.running import LONG, count, out, url
from tests.hosts.releases.site import Site, nothing_lost, traffic

pytestmark = pytest.mark.alone

RATE, RTT = 60, 0.04
FLAG = "/run/slackwater/draining"
SERVERS = "/etc/nginx/slackwater/members.conf"
RELOAD = "slackwater-reload.path"
REACHED = 10.0
"""Seconds in which nginx reads another list: a pause of five between two reloads, and the reload."""
PASSIVE = [(7, 4), (5, 6), (3, 10)] if LONG else [(7, 4)]
"""`max_fails` and `fail_timeout`."""
ASKED = 30
"""Answers that come from two hosts of three when the third is left out, by no chance."""

Say = Callable[..., Any]


@pytest.fixture
def say(site: Site) -> Iterator[Say]:
    """`say(changes="reload")` is a converge with that in Balancer(…); afterwards all is as it was."""
    file = site.told / "local.py"

    def told(**words: object) -> Any:
        given = "".join(f", {name}={value!r}" for name, value in words.items())
        file.write_text(
            '"""What this test changes."""\nfrom slackwater import *\n'
            f'balancer = Balancer(tls=Tls.self_signed(domains=["shop.test"]){given})\n'
        )
        return site.converge()

    yield told
    file.unlink(missing_ok=True)
    site.converge()


@dataclass
class People:
    """Some connect anew for each request, some keep their connections, 40 ms away."""

    anew: load.Running
    kept: load.Running


def people(site: Site, stack: ExitStack) -> People:
    anew = stack.enter_context(traffic(site, RATE, keepalive=0.0, rtt=RTT))
    return People(anew, stack.enter_context(traffic(site, RATE, keepalive=1.0, rtt=RTT)))


def changed(site: Site, say: Say, what: str, **words: object) -> None:
    """Under load: whoever connects anew loses nothing; on kept connections nobody is answered with an error."""
    with ExitStack() as stack:
        served = people(site, stack)
        time.sleep(2)
        say(**words)
        time.sleep(3)
    result = served.kept.stop()
    measured(f"{what}: kept connections: {result.summary()}")

    nothing_lost(site, served.anew)
    assert not any(reason.rsplit(" ", 1)[-1].isdigit() for reason in result.reasons), result.summary()
    assert not result.mismatched, result.summary()
    assert {} == result.check(site.ledgers()).twice


def servers(balancer: LabHost) -> dict[str, str]:
    """Options of each server that nginx's file names, by address."""
    lines = (line.split() for line in out(balancer, f"cat {SERVERS}").splitlines())
    return {place.rpartition(":")[0]: " ".join(options).rstrip(";") for _, place, *options in lines}


def listed(balancer: LabHost, changes: str) -> set[str]:
    """The addresses that nginx has for new requests."""
    if changes == "reload":
        return set(servers(balancer))
    return {address for address, _, _ in members(balancer).values()}


def answering(lab: Lab) -> set[str]:
    """The hosts whose answers come, each asked on a connection of its own."""
    return {requests.get(url(lab) + "/", timeout=20).json()["instance"] for _ in range(ASKED)}


def addresses(site: Site) -> dict[str, str]:
    return {name: site.lab.host(name).address for name in site.hosts()}


def is_whole(site: Site, balancer: LabHost, changes: str) -> None:
    """The members are known, the page is right, only what this way needs is there, all hosts answer."""
    settled(balancer, dict.fromkeys(site.hosts(), "up"))
    until(lambda: has_what_it_was_told(agent(balancer)), lambda: agent(balancer)["writer"])
    found = balancer.ssh(f"systemctl is-active {RELOAD}; test -S {SOCKET} && echo socket").stdout.split()

    assert set(addresses(site).values()) == listed(balancer, changes)
    assert "ok" == out(balancer, "curl -sS --max-time 5 http://127.0.0.1:8082/health")
    assert (["active"] if changes == "reload" else ["inactive", "socket"]) == found
    # One that has just come, or was not ready for a moment, has a tenth of its weight for a while.
    until(lambda: set(site.hosts()) == answering(site.lab), lambda: f"all, not {answering(site.lab)}")


def has_what_it_was_told(page: Mapping[str, Any]) -> bool:
    """nginx has the agent's last list; an agent that has just started has not asked it yet."""
    writer = page["writer"]
    return bool(writer["ok"]) and page["generation"] == writer["nginx_generation"]


def follows_a_drain(site: Site, balancer: LabHost, name: str, changes: str) -> None:
    """Who drains gets no new request, and gets some when it does so no more."""
    rest = set(site.hosts()) - {name}
    site.on(name, f"touch {FLAG}")
    try:
        settled(balancer, dict.fromkeys(rest, "up") | {name: "draining"})
        until(lambda: addresses(site)[name] not in listed(balancer, changes), "nginx knows", REACHED)
        # Workers of before the reload answer what they have.
        until(lambda: rest == answering(site.lab), lambda: f"{rest}, not {answering(site.lab)}", REACHED)
    finally:
        site.on(name, f"rm -f {FLAG}")
    settled(balancer, dict.fromkeys(site.hosts(), "up"))
    until(lambda: addresses(site)[name] in listed(balancer, changes), "nginx knows of the return", REACHED)


def test_to_reload_and_back(site: Site, balancer: LabHost, say: Say) -> None:
    """Each switch costs a reload and no more; then a drain is followed, and nothing is left to do."""
    for turn in range(count(10)):
        for changes in ("reload", "lua"):
            changed(site, say, f"to {changes}", changes=changes)
            is_whole(site, balancer, changes)
            follows_a_drain(site, balancer, site.hosts()[turn % 3], changes)

            assert {} == say(changes=changes).changed


def test_other_passive_settings_are_served_in_reload_mode(site: Site, balancer: LabHost, say: Say) -> None:
    """They stand behind each server; nginx is reloaded for them, not only when the members change next."""
    say(changes="reload")
    for max_fails, fail_timeout in PASSIVE:
        workers = "pgrep -P $(cat /run/nginx.pid) | sort | tr '\\n' ' '"
        before = set(out(balancer, workers).split())
        changed(site, say, f"max_fails={max_fails}", changes="reload", max_fails=max_fails, fail_timeout=fail_timeout)
        options = {" ".join(option.split()[-2:]) for option in servers(balancer).values()}

        assert {f"max_fails={max_fails} fail_timeout={fail_timeout}s"} == options
        assert before.isdisjoint(out(balancer, workers).split())
        is_whole(site, balancer, "reload")
        assert {} == say(changes="reload", max_fails=max_fails, fail_timeout=fail_timeout).changed


def test_with_lua_settings_of_the_agent_cost_nothing(site: Site, balancer: LabHost, say: Say) -> None:
    """Floor, slow start and checks change under load; kept connections stay and nobody loses a request."""
    say(changes="lua")
    with traffic(site, RATE * 2, keepalive=1.0, rtt=RTT) as served:
        for turn in range(count(10)):
            say(changes="lua", floor=60 + turn, slow_start=5)
            is_whole(site, balancer, "lua")
        assert {} == say(changes="lua", floor=60 + turn, slow_start=5).changed

    nothing_lost(site, served)
    assert dict.fromkeys(site.hosts(), "up") == states(balancer)
