"""Members from Auto Scaling groups: the lab's cloud, and what AWS does on a bad day."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest

from slackwater.agents.scaling_groups import IN_A_QUESTION
from slackwater.agents.upstreams.configuration import AutoScaling
from slackwater.agents.upstreams.membership import auto_scaling
from slackwater.agents.upstreams.membership.auto_scaling import Groups
from slackwater.agents.upstreams.membership.reading import SourceError
from slackwater.agents.upstreams.membership.source import LONGEST_PAUSE, Source, World
from slackwater.lab.cloud import Endpoint
from tests.agents.upstreams.site import Site
from tests.agents.upstreams.world import until
from tests.conftest import LONG
from tests.sky import ALWAYS, REGION, Sky
from tests.sky import sky as begun

MANY = IN_A_QUESTION + 20 if LONG else 7

STATES = (
    *("InService", "Pending", "Pending:Wait", "Pending:Proceed"),
    *("Terminating", "Terminating:Wait", "Terminating:Proceed", "Terminated"),
    *("Detaching", "Detached", "EnteringStandby", "Standby", "Warmed:Stopped"),
)


@pytest.fixture(scope="module")
def sky() -> Iterator[Sky]:
    """One for all tests: it takes its time to start."""
    with begun() as made:
        yield made


@pytest.fixture
def cloud(sky: Sky, monkeypatch: pytest.MonkeyPatch) -> Sky:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    sky.endpoint.recover()
    return sky


def told(cloud: Sky, *groups: str) -> AutoScaling:
    return AutoScaling(groups, 8000, REGION, cloud.url, interval=5.0)


DESCRIBE = ("autoscaling", "DescribeAutoScalingGroups")
Fault = Callable[[Endpoint], None]


def refuses(code: str, status: int = 400) -> Fault:
    return lambda endpoint: endpoint.fail(*DESCRIBE, code, times=ALWAYS, status=status)


def answers(text: str) -> Fault:
    return lambda endpoint: endpoint.say(*DESCRIBE, text, times=ALWAYS)


def hangs(endpoint: Endpoint) -> None:
    endpoint.slow(*DESCRIBE, 2, times=ALWAYS)


impatient = partial(auto_scaling.aws_client, read_timeout=0.3)
"""The agent's own client, with a timeout that a test can wait for."""


def test_instances_in_service_of_all_groups(cloud: Sky) -> None:
    """With their private addresses; pages and many instances make no difference."""
    web, more = cloud.group("web", 3), cloud.group("more", MANY)
    reading = Groups(told(cloud, "web", "more")).read()

    assert sorted(web + more) == [member.name for member in reading.members]
    assert 3 + MANY == len({member.place for member in reading.members})
    assert {8000} == {member.place.port for member in reading.members}


def test_addresses_are_asked_for_once(cloud: Sky) -> None:
    """A look at a group that has not changed is one request: throttling is a matter of every day."""
    cloud.group("web", 3)
    groups = Groups(told(cloud, "web"))
    groups.read()
    before = cloud.asked
    groups.read()

    assert 1 == cloud.asked - before


def test_states_of_the_lifecycle(cloud: Sky) -> None:
    """In service or not, and whether the group itself says that it goes."""
    first, *_ = cloud.group("web", 2)
    groups = Groups(told(cloud, "web"))
    place = next(member.place for member in groups.read().members if member.name == first)
    serves, leaves = [], []
    for state in STATES:
        cloud.put_in(state, first)
        reading = groups.read()
        serves += [state] * (first in [member.name for member in reading.members])
        leaves += [state] * (place in reading.leaving)

    assert ["InService"] == serves
    assert list(STATES[4:]) == leaves


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (refuses("Throttling"), "Throttling"),
        (refuses("ExpiredToken", 403), "ExpiredToken"),
        (refuses("InternalFailure", 500), "InternalFailure"),
        (answers("this is no XML"), "Unable to parse response"),
        (answers("<DescribeAutoScalingGroupsResponse/>"), "DescribeAutoScalingGroupsResult"),
        (hangs, "Read timeout"),
    ],
)
def test_a_bad_day_changes_nothing(cloud: Sky, fault: Fault, said: str) -> None:
    """It is said once, asked less and less, and is over at the first good answer."""
    lines: list[str] = []

    async def run() -> tuple[Any, ...]:
        cloud.group("web", 3)
        source = Source(told(cloud, "web"), World(client=impatient, chance=lambda: 0.5), lambda: 0.0, lines.append)
        calm = await source.look()
        before = source.members
        fault(cloud.endpoint)
        first, second = await source.look(), await source.look()
        after = source.members
        cloud.endpoint.recover()
        return before == after, calm, first, second, await source.look(), source.error, source.failures

    same, calm, first, second, again, error, failures = asyncio.run(run())

    assert same
    assert (5, 10, 20, 5) == (calm, first, second, again)
    assert ("", 2) == (error, failures)
    assert 2 == len(lines)
    assert said in lines[0]
    assert "auto_scaling web: answers again" == lines[1]


def test_pauses_have_a_bound(cloud: Sky) -> None:
    """A source that fails for a day is still asked once a minute, more or less."""
    refuses("Throttling")(cloud.endpoint)

    async def run() -> float | None:
        source = Source(told(cloud, "web"), World(client=impatient, chance=lambda: 1.0), lambda: 0.0, lambda _: None)
        source._in_a_row = 50
        return await source.look()

    assert asyncio.run(run()) == pytest.approx(LONGEST_PAUSE * 1.2)


def test_a_group_that_is_not_there_is_named(cloud: Sky) -> None:
    """A misspelt name must not look like an empty group."""
    cloud.group("web", 1)

    with pytest.raises(SourceError, match="there is no Auto Scaling group wbe"):
        Groups(told(cloud, "web", "wbe")).read()


def test_who_terminates_goes_though_an_inventory_names_it(cloud: Sky, site: Site) -> None:
    """The last converge does not know what the group does now."""

    async def run() -> list[list[bool]]:
        instances = cloud.group("web", 2)
        both = [member for member in Groups(told(cloud, "web")).read().members if member.name in instances]
        said = [{"name": one.name, "address": one.place.address, "port": one.place.port} for one in both]
        site.tell(*said)
        group = {"kind": "auto_scaling", "groups": ["web"], "region": REGION, "port": 8000, "interval": 0.05}
        site.told["membership"].append({**group, "endpoint": cloud.url})
        site.tell()
        seen = []
        async with site.agent(site.world()) as agent:

            def left() -> list[bool]:
                return [member["left"] for member in agent.view().members() if member["name"] in instances]

            await until(lambda: all(source.looks for source in agent.sources), 10)
            seen.append(left())
            cloud.put_in("Terminating:Wait", min(instances))
            await until(lambda: any(left()))
            seen.append(left())
        return seen

    assert [[False, False], [True, False]] == asyncio.run(run())


def test_a_group_that_shrinks_says_who_goes(cloud: Sky) -> None:
    """Three of four that terminate are out at once: they are not missed, they were announced."""

    async def run() -> list[int]:
        instances = cloud.group("web", 4)
        source = Source(told(cloud, "web"), World(), lambda: 0.0, lambda _: None)
        await source.look()
        counts = [len(source.members or ())]
        cloud.put_in("Terminating:Wait", *instances[1:])
        await source.look()
        return [*counts, len(source.members or ())]

    assert [4, 1] == asyncio.run(run())
