"""Two balancers and the address that moves between them."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from itertools import pairwise

import pytest
import requests

from slackwater.lab import Lab, LabHost, load
from slackwater.lab.status import address_of_balancers
from tests.hosts.balancers.desk import measured, members
from tests.hosts.converge.running import count, out, rate, settle
from tests.hosts.counting import counted, preferred

Fleet = Callable[..., Lab]

NGINX_IS_GONE, HOST_IS_GONE = 7.0, 5.0
"""Seconds: two looks and three adverts are 3.5 at the most, three adverts alone 1.8; the machine is busy."""
SETTLED = 5.0
"""Seconds after which a balancer that has recovered would have taken the address back."""


@pytest.fixture(scope="module")
def lab(passing: Fleet) -> Iterator[Lab]:
    """Converged once, of Debian 12 and 13. Seconds are limits here: no other lab keeps it waiting."""
    made = passing("two", app=1, balancer=2, suite_of={"balancer-2": "trixie"})
    settle(made)
    with preferred(made):
        until(lambda: len(holders(made)) == 1, HOST_IS_GONE)
        yield made


def holders(lab: Lab) -> list[LabHost]:
    hosts = [host for host in lab.hosts() if host.group == "balancer" and host.power.is_on()]
    address = address_of_balancers(lab.hosts())
    return [host for host in hosts if host.ssh(f"ip -o address show scope global to {address}").stdout]


def until(condition: Callable[[], bool], limit: float) -> None:
    deadline = time.monotonic() + limit
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


@contextmanager
def asked(lab: Lab) -> Iterator[list[float]]:
    """When the address answered, all the while; every question is a connection of its own."""
    answered, ended = [time.monotonic()], threading.Event()
    url = f"http://{address_of_balancers(lab.hosts())}/"

    def ask() -> None:
        while not ended.wait(0.02):
            with suppress(requests.RequestException):
                if requests.get(url, timeout=0.3).ok:
                    answered.append(time.monotonic())

    client = threading.Thread(target=ask)
    client.start()
    try:
        yield answered
    finally:
        ended.set()
        client.join()
    answered.append(time.monotonic())


def longest(answered: list[float]) -> float:
    return max(later - earlier for earlier, later in pairwise(answered))


@contextmanager
def traffic(lab: Lab) -> Iterator[load.Running]:
    """People at the shared address: kept connections, 40 ms away."""
    place = f"http://{address_of_balancers(lab.hosts())}/"
    with counted(lab, load.Load(place, rate=rate(300), seconds=120, keepalive=1.0, rtt=0.04)) as people:
        yield people


def test_a_second_converge_changes_nothing(lab: Lab) -> None:
    """Nor does it move the address."""
    before = [host.name for host in holders(lab)]

    assert {} == settle(lab).changed
    assert before == [host.name for host in holders(lab)]


def test_the_address_moves_when_its_nginx_dies_and_stays_when_it_is_back(lab: Lab) -> None:
    """Nothing else of the host has to be wrong; the way back would cut connections once more."""
    (first,) = holders(lab)
    with asked(lab) as answered:
        out(first, "systemctl stop nginx.service")
        until(lambda: [first.name] != [host.name for host in holders(lab)] != [], NGINX_IS_GONE)
        (second,) = holders(lab)
        out(first, "systemctl start nginx.service")
        time.sleep(SETTLED)

    assert first.name != second.name
    assert [second.name] == [host.name for host in holders(lab)]
    assert longest(answered) < NGINX_IS_GONE


def test_a_killed_nginx_is_back_before_the_address_would_move(lab: Lab) -> None:
    """systemd starts it again within the time that two looks take."""
    (first,) = holders(lab)
    with asked(lab) as answered:
        out(first, "kill -9 $(cat /run/nginx.pid)")
        time.sleep(SETTLED)

    assert [first.name] == [host.name for host in holders(lab)]
    assert longest(answered) < NGINX_IS_GONE


@pytest.mark.parametrize("whom", ["a worker", "the master"])
def test_what_a_kill_of_nginx_costs_people(lab: Lab, whom: str) -> None:
    """Counted under load at the shared address; afterwards everybody is answered again."""
    (first,) = holders(lab)
    victim = {"a worker": "$(pgrep -P $(cat /run/nginx.pid) | head -1)", "the master": "$(cat /run/nginx.pid)"}[whom]
    with traffic(lab) as people:
        time.sleep(2)
        out(first, f"kill -9 {victim}")
        time.sleep(SETTLED)
        lost = sum(people.result.lost.values())
        time.sleep(2)
    result = people.stop()
    measured(f"{whom}: {result.summary()}")

    assert lost == sum(result.lost.values()), result.summary()


@pytest.mark.parametrize("number", range(count(20)))
def test_a_reboot_costs_nobody_anything(lab: Lab, number: int) -> None:
    """Whoever is there when the address moves is answered by the one that leaves; it comes back with its members.

    One after the other, so that the address comes back to who had it a moment ago.
    """
    (first,) = holders(lab)
    before = members(first)
    with traffic(lab) as people:
        time.sleep(2)
        first.reboot()
        first.wait_until_ready()
        time.sleep(SETTLED)
    measured(f"reboot {number}: {people.stop().summary()}")
    (second,) = holders(lab)

    assert first.name != second.name
    assert people.result.is_clean, people.result.summary()
    assert before == members(first) == members(second)


def test_a_power_cut_moves_the_address_and_power_does_not_move_it_back(lab: Lab) -> None:
    """The host boots, hears the other, and waits."""
    (first,) = holders(lab)
    with asked(lab) as answered:
        first.power_cut()
        time.sleep(SETTLED)
        first.start()
        first.wait_until_ready()
        time.sleep(SETTLED)
    (second,) = holders(lab)

    assert first.name != second.name
    assert longest(answered) < HOST_IS_GONE


def test_where_no_nginx_answers_the_address_stays(lab: Lab) -> None:
    """Whatever is wrong with all of them is not made worse; and it is served as soon as one answers."""
    balancers = [host for host in lab.hosts() if host.group == "balancer"]
    (first,) = holders(lab)
    for host in balancers:
        out(host, "systemctl stop nginx.service")
    time.sleep(SETTLED)
    found = [host.name for host in holders(lab)]
    for host in balancers:
        out(host, "systemctl start nginx.service")

    assert [first.name] == found
    with asked(lab) as answered:
        time.sleep(1.0)
    assert 2 < len(answered)
