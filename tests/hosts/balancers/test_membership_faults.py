"""The cloud has a bad day while people are served: kept connections, 40 ms away."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import pytest

from slackwater.lab.cloud import Endpoint, cloud
from tests.hosts.balancers.behind import CALM, GROUP, Behind, group
from tests.hosts.balancers.desk import measured, members, settled, until
from tests.hosts.converge.running import LONG_ONLY, count, rate
from tests.hosts.reaching import reached
from tests.hosts.releases.site import Site, nothing_lost, traffic

RATE, RTT = rate(300), 0.04
DESCRIBE = ("autoscaling", "DescribeAutoScalingGroups")
ALWAYS = 10**6
HANGS = 20
"""Seconds of an answer that comes too late: the agent gives one up after eight, and asks a second time."""
LOOKS = 3
"""Bad ones, the least that each fault lasts: as many as would be believed if they were answers."""
DECLARED = '''"""Members are the instances of a group; looks every second, for the bad days to be short."""
from slackwater import *
balancer = Balancer(
    tls=Tls.self_signed(domains=["shop.test"]),
    membership=[Membership.auto_scaling({group!r}, region={region!r}, endpoint={endpoint!r}, interval=1)],
)
'''
ANSWER = (
    "<DescribeAutoScalingGroupsResponse><DescribeAutoScalingGroupsResult><AutoScalingGroups>{}</AutoScalingGroups>"
    "</DescribeAutoScalingGroupsResult></DescribeAutoScalingGroupsResponse>"
)
A_GROUP = f"<member><AutoScalingGroupName>{GROUP}</AutoScalingGroupName><Instances>{{}}</Instances></member>"
AN_INSTANCE = "<member><InstanceId>{}</InstanceId><LifecycleState>InService</LifecycleState></member>"

Fault = Callable[[Endpoint], None]


@pytest.fixture(scope="module")
def behind(behind_one: Site, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Behind]:
    """The three are a group's instances; afterwards they are the inventory's again."""
    balancer, file = behind_one.lab.host("balancer-1"), behind_one.told / "local.py"
    with cloud(tmp_path_factory.mktemp("faults") / "cloud") as sky, reached(balancer, sky) as (endpoint, metadata):
        addresses = [behind_one.lab.host(name).address for name in behind_one.hosts()]
        places = {instance: (address, 8000) for instance, address in group(sky, balancer, addresses).items()}
        file.write_text(DECLARED.format(group=GROUP, region=sky.region, endpoint=endpoint))
        try:
            behind_one.converge()
            settled(balancer, dict.fromkeys(places, "up"), limit=CALM)
            until(lambda: members(balancer).keys() == places.keys(), lambda: members(balancer))
            yield Behind(behind_one, sky, metadata, places)
        finally:
            sky.recover()
            file.unlink()
            behind_one.converge()
            settled(balancer, dict.fromkeys(behind_one.hosts(), "up"), limit=CALM)
        assert [] == sky.uncovered


def refuses(code: str | None, status: int = 400) -> Fault:
    return lambda sky: sky.fail(*DESCRIBE, code, times=ALWAYS, status=status)


def answers(text: str) -> Fault:
    return lambda sky: sky.say(*DESCRIBE, text, times=ALWAYS)


def hangs(sky: Endpoint) -> None:
    sky.slow(*DESCRIBE, HANGS, times=ALWAYS)


def bad_day(behind: Behind, fault: Fault, said: str) -> None:
    """Nobody leaves and nothing is lost; page, metrics and journal say why, and then that it is over."""
    before, since = behind.source(), time.time()
    with traffic(behind.site, RATE, keepalive=1.0, rtt=RTT) as people:
        fault(behind.sky)
        took = behind.await_looks(LOOKS + 1)  # one may have been under way
        during, metrics = behind.source(), behind.metrics()
        calm = behind.await_calm()
        behind.await_looks(LOOKS)
    after, journal = behind.source(), behind.journal(since)
    measured(f"{said}: {took:.0f} s of it, good again {calm:.0f} s after it: {people.stop().summary()}")

    nothing_lost(behind.site, people)
    assert (False, len(behind.places)) == (during["ok"], during["members"])
    assert said in during["error"]
    assert LOOKS <= during["failures"] - before["failures"]
    assert {"ok 0", f"members {len(behind.places)}"} <= metrics
    assert (True, "") == (after["ok"], after["error"])
    assert {"ok 1", f"members {len(behind.places)}"} <= behind.metrics()
    assert said in journal
    assert "answers again" in journal


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        pytest.param(refuses("Throttling"), "(Throttling)", id="throttled"),
        pytest.param(refuses("InternalFailure", 500), "(InternalFailure)", id="failing", marks=LONG_ONLY),
        pytest.param(refuses(None), "Connection was closed", id="cut", marks=LONG_ONLY),
        pytest.param(hangs, "Read timeout", id="timed out"),
        pytest.param(answers("this is no XML"), "Unable to parse response", id="malformed", marks=LONG_ONLY),
        pytest.param(answers(ANSWER.format("")), "there is no Auto Scaling group", id="no group", marks=LONG_ONLY),
        pytest.param(answers(ANSWER.format(A_GROUP.format(""))), "answered without a member: 3 kept", id="empty"),
    ],
)
def test_a_bad_day_of_the_cloud_loses_nothing(behind: Behind, fault: Fault, said: str) -> None:
    """Longer than several looks."""
    bad_day(behind, fault, said)


def test_expired_credentials_lose_nothing(behind: Behind) -> None:
    """And are asked for anew at each look, by IMDSv2."""
    before = behind.credentials()
    bad_day(behind, refuses("ExpiredToken", 403), "(ExpiredToken)")

    assert LOOKS <= behind.credentials() - before


def test_answers_that_miss_half_of_the_group_lose_nothing(behind: Behind) -> None:
    """Two in a row, then a good one, again and again: three would be believed."""
    rest = "".join(AN_INSTANCE.format(instance) for instance in list(behind.places)[:1])
    before, since = behind.source(), time.time()
    rounds = count(10)
    with traffic(behind.site, RATE, keepalive=1.0, rtt=RTT) as people:
        for _ in range(rounds):
            behind.sky.say(*DESCRIBE, ANSWER.format(A_GROUP.format(rest)), times=LOOKS - 1)
            behind.await_looks(LOOKS + 1)
    after = behind.source()
    measured(f"{rounds} times half of the group missing: {people.stop().summary()}")

    nothing_lost(behind.site, people)
    assert rounds * (LOOKS - 1) == after["failures"] - before["failures"]
    assert (True, "", len(behind.places)) == (after["ok"], after["error"], after["members"])
    assert "misses 2 of 3 at once" in behind.journal(since)
