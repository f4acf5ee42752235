"""Causes as metadata tell them: in time, by one kept connection, and nothing that is not there."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from slackwater.agents.drain.around import Surroundings
from slackwater.agents.drain.readings import Readings
from slackwater.agents.metadata import Metadata
from slackwater.lab.metadata import Instance, Service, listening, serving
from tests.agents.drain.usual import usual

NOW = 1_763_750_000.0


@pytest.fixture
def me() -> Instance:
    return Instance("i-1", "127.0.0.1")


@pytest.fixture
def service(me: Instance) -> Iterator[Service]:
    with serving(listening(), lambda _: me) as running:
        yield running


class Clock:
    """Stands still until a test moves it."""

    seconds = NOW

    def __call__(self) -> float:
        return self.seconds


def readings(service: Service, log: list[str], clock: Clock | None = None) -> Readings:
    return Readings(Metadata(service.url), usual(), Surroundings(clock or Clock(), "boot", log.append))


def test_every_cause_is_read_at_first(service: Service) -> None:
    """Then each in its own time; an answer of 404 is an answer."""
    read = readings(service, [])
    pause = read.look()

    assert {"lifecycle": None, "spot": None, "rebalance": None, "maintenance": None} == read.notices
    assert 0 < pause <= 2
    assert [404] * 4 == [status for _, path, status in service.asked if "meta-data" in path]
    assert 1 == sum(path.endswith("token") for _, path, _ in service.asked)


def test_what_each_says(service: Service, me: Instance) -> None:
    """The moment at which AWS ends it, and the one at which it lapses."""
    me.target = "Terminated"
    me.spot = json.dumps({"action": "terminate", "time": "2025-11-21T18:35:00Z"})
    me.rebalance = json.dumps({"noticeTime": "2025-11-21T18:33:00Z"})
    me.maintenance = json.dumps([{"Code": "system-reboot", "NotBefore": "21 Nov 2025 18:40:00 GMT", "State": "active"}])
    read = readings(service, [])
    read.look()
    found = {name: notice for name, notice in read.notices.items() if notice}

    assert {"lifecycle", "spot", "rebalance", "maintenance"} == set(found)
    assert 1_763_750_100.0 - 5 == found["spot"].end
    assert NOW + 600 == found["rebalance"].lapses
    assert "scheduled system-reboot at 21 Nov 2025 18:40:00 GMT" == found["maintenance"].said


@pytest.mark.parametrize("behind", [-130.0, 90.0])
def test_what_aws_dates_is_by_the_clock_as_it_is_now(service: Service, me: Instance, behind: float) -> None:
    """The agent's own stands as it was at its start: a spot instance has its two minutes all the same."""
    me.spot = json.dumps({"action": "terminate", "time": "2025-11-21T18:35:00Z"})
    event = {"Code": "system-reboot", "State": "active", "NotBefore": "21 Nov 2025 18:34:00 GMT"}
    me.maintenance = json.dumps([event | {"NotAfter": "21 Nov 2025 19:00:00 GMT"}])
    around = Surroundings(Clock(), "boot", print, lambda: behind)
    read = Readings(Metadata(service.url), usual(), around)
    read.look()
    found = {name: notice for name, notice in read.notices.items() if notice}

    assert (1_763_750_100.0 - 5 - behind, NOW) == (found["spot"].end, found["spot"].since)
    assert 1_763_750_100.0 + 25 * 60 - behind == found["maintenance"].lapses


def test_maintenance_that_is_prolonged_is_another(service: Service, me: Instance) -> None:
    """The one that was known has lapsed at its own end, for good."""
    event = {"Code": "system-reboot", "EventId": "e-1", "State": "active", "NotBefore": "21 Nov 2025 18:34:00 GMT"}
    keys, clock = list[str](), Clock()
    read = readings(service, [], clock)
    for end in ("19:00:00", "19:00:00", "21:00:00"):
        me.maintenance = json.dumps([event | {"NotAfter": f"21 Nov 2025 {end} GMT"}])
        read.look()
        clock.seconds += 61
        notice = read.notices["maintenance"]
        keys.append(notice.key if notice else "")

    assert keys[0] == keys[1] != keys[2]


def test_a_service_that_is_down_changes_nothing(service: Service, me: Instance) -> None:
    """What it said last stands; it is asked less and less, and said once."""
    log, clock = list[str](), Clock()
    me.target = "Terminated"
    read = readings(service, log, clock)
    read.look()
    me.enabled = False
    clock.seconds += 100
    pauses = [read.look() for _ in range(8)]

    assert read.notices["lifecycle"]
    assert 8 * 4 == read.counts.failed
    assert 1 == len(log)
    assert max(pauses[:2]) < max(pauses[4:]) <= 15


@pytest.mark.parametrize("text", ["<html>", "[]", "{}", '{"action": 1}', "null", '"x"'])
def test_nonsense_is_no_notice(service: Service, me: Instance, text: str) -> None:
    """A proxy's page, another shape: nothing changes, and it is said."""
    me.spot = text
    read = readings(service, [])
    read.look()

    assert "spot" not in read.notices
    assert "spot/instance-action" in read.counts.error
    assert "lifecycle" in read.notices


def test_a_path_that_fails_hides_no_other(service: Service, me: Instance) -> None:
    """The end of a spot instance is heard though its group's state cannot be read."""
    me.spot = json.dumps({"action": "terminate", "time": "2025-11-21T18:35:00Z"})
    service.broken["/latest/meta-data/autoscaling/target-lifecycle-state"] = 500
    read = readings(service, [])
    read.look()

    assert read.notices["spot"]
    assert "lifecycle" not in read.notices
    assert 1 == read.counts.failed


def test_a_token_that_is_forgotten_is_renewed(service: Service) -> None:
    """A service that restarted knows none of its tokens."""
    clock = Clock()
    read = readings(service, [], clock)
    read.look()
    service.forget()
    clock.seconds += 100
    read.look()

    assert 0 == read.counts.failed
