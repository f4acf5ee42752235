"""The breaker against the lab's cloud: launches that really fail, suspensions that really hold."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from slackwater.agents.breaker.mark import KEYS, OWNER
from slackwater.agents.breaker.policy import Rules
from slackwater.agents.breaker.watch import Watch
from slackwater.aws.breaker.standing import standings
from slackwater.aws.permissions import Subject, permissions
from slackwater.settings import Breaker, ScalingGroup, Store
from tests.aws.project import HOUSE, Project, cloud
from tests.aws.resources import Lab
from tests.aws.resources import lab as start

ALWAYS, NEVER = 1000, 0
INVENTORY = """cloud = ["@local"]
app = [("app-1", {"ssh_hostname": "127.0.0.1", "ssh_port": 9})]
balancer = [("balancer-1", {"ssh_hostname": "127.0.0.1", "ssh_port": 9, "address": "10.0.1.10"})]
"""
"""Hosts where nobody is."""
AGENT_LIMIT = 60
"""Seconds for the service to look once: Python and boto3 take two of them."""


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    with start() as running:
        yield running


class Clock:
    def __init__(self) -> None:
        self.ahead = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead


def watching(lab: Lab, group: ScalingGroup, clock: Clock, log: list[str], owner: str = "balancer-1") -> Watch:
    return Watch(Rules(group.name, 3, 3600, owner), lambda: lab.client("autoscaling"), log.append, clock)


def failing(lab: Lab, times: int = 3) -> ScalingGroup:
    """A group whose launches fail, tried so many times until now."""
    group = lab.make(lab.declare())
    fail(lab, group, times)
    return group


def fail(lab: Lab, group: ScalingGroup, times: int) -> None:
    lab.endpoint.cloud.fail_launches(group.name, ALWAYS)
    lab.client("autoscaling").set_desired_capacity(AutoScalingGroupName=group.name, DesiredCapacity=1)
    for _ in range(times - 1):
        lab.endpoint.cloud.retry(group.name)


def described(lab: Lab, group: ScalingGroup) -> Any:
    (found,) = lab.client("autoscaling").describe_auto_scaling_groups(AutoScalingGroupNames=[group.name])[
        "AutoScalingGroups"
    ]
    return found


def suspended(lab: Lab, group: ScalingGroup) -> list[str]:
    return [each["ProcessName"] for each in described(lab, group)["SuspendedProcesses"]]


def tags(lab: Lab, group: ScalingGroup) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in described(lab, group)["Tags"]}


def test_it_trips_and_tries_again_when_it_expires(lab: Lab) -> None:
    """Until then nothing is launched, and what it does is in the log."""
    clock, log = Clock(), list[str]()
    group = failing(lab)
    watch = watching(lab, group, clock, log)
    states = [watch.look().state]
    held = suspended(lab, group)
    states.append(watch.look().state)
    clock.ahead += timedelta(seconds=3601)
    states.append(watch.look().state)
    clock.ahead = timedelta()
    # The lab's own clock has not moved: to it the trial is an hour ahead, and nothing has been tried yet.
    states.append(watch.look().state)

    assert ["Launch"] == held
    assert ["open", "open", "trial", "trial"] == states
    assert log[0].startswith(f"{group.name}: create_or_update_tags: tripping: 3 launches in a row failed: We currently")


def test_a_trial_that_fails_suspends_again_at_once(lab: Lab) -> None:
    """AWS tries what is missing as soon as launches are free, and one more failure is enough."""
    log = list[str]()
    group = failing(lab)
    watch = watching(lab, group, Clock(), log)
    states = [watch.look().state, watch.look(lift_now=True).state, watch.look().state]

    assert ["open", "trial", "open"] == states
    assert ["Launch"] == suspended(lab, group)
    assert any("the trial launch failed: We currently" in line for line in log)


def test_a_success_ends_the_trial(lab: Lab) -> None:
    """The instance that was missing comes, and the tags go."""
    clock, log = Clock(), list[str]()
    group = failing(lab)
    watch = watching(lab, group, clock, log)
    tripped = watch.look()
    lab.endpoint.cloud.fail_launches(group.name, NEVER)
    lifted = watch.look(lift_now=True)
    after = watch.look()

    assert ["open", "trial", "closed"] == [tripped.state, lifted.state, after.state]
    assert [] == suspended(lab, group)
    assert set() == set(KEYS) & tags(lab, group).keys()
    assert 1 == len(described(lab, group)["Instances"])


def test_launches_that_the_hook_abandoned_count(lab: Lab) -> None:
    """An app that cannot start is as bad as a machine that cannot."""
    group = lab.make(lab.declare())
    lab.endpoint.cloud.abandon_launches(group.name, 3)
    lab.client("autoscaling").set_desired_capacity(AutoScalingGroupName=group.name, DesiredCapacity=1)
    for _ in range(2):
        lab.endpoint.cloud.retry(group.name)
    seen = watching(lab, group, Clock(), []).look()

    assert "open" == seen.state
    assert ["Launch"] == suspended(lab, group)


def test_two_balancers_do_what_one_does(lab: Lab) -> None:
    """The second finds the tags of the first, and leaves them."""
    group = failing(lab)
    first = watching(lab, group, Clock(), [], "balancer-1").look()
    second = watching(lab, group, Clock(), [], "balancer-2").look()

    assert ("open", "open") == (first.state, second.state)
    assert () == second.done
    assert "balancer-1" == tags(lab, group)[OWNER]


def test_a_persons_suspension_stays_for_ever(lab: Lab) -> None:
    """Whatever failed before, and however long it lasts; it shows what it is."""
    clock, group = Clock(), failing(lab)
    lab.client("autoscaling").suspend_processes(AutoScalingGroupName=group.name, ScalingProcesses=["Launch"])
    watch = watching(lab, group, clock, [])
    seen = watch.look()
    clock.ahead += timedelta(hours=20)

    assert "suspended by somebody else" == seen.state == watch.look(lift_now=True).state
    assert ["Launch"] == suspended(lab, group)
    assert set() == set(KEYS) & tags(lab, group).keys()


@pytest.mark.parametrize("operation", ["DescribeAutoScalingGroups", "DescribeScalingActivities"])
def test_while_aws_does_not_answer_nothing_changes(lab: Lab, operation: str) -> None:
    """And it says so; the next look does what is due."""
    group, log = failing(lab), list[str]()
    lab.endpoint.fail("autoscaling", operation, "Throttling")
    watch = watching(lab, group, Clock(), log)
    blind = watch.look()
    held = suspended(lab, group)
    seen = watch.look()

    assert ("unknown", []) == (blind.state, held)
    assert "Throttling" in blind.error
    assert "cannot tell" in log[0]
    assert "open" == seen.state


@pytest.mark.parametrize("after", [False, True], ids=["refused", "answer lost"])
@pytest.mark.parametrize("operation", ["CreateOrUpdateTags", "SuspendProcesses"])
def test_a_watcher_that_fails_halfway_goes_on_from_there(lab: Lab, operation: str, after: bool) -> None:
    """Never a suspension without tags, never tags without the suspension for long."""
    group = failing(lab)
    lab.endpoint.fail("autoscaling", operation, "InternalFailure", after=after, status=500)
    failed = watching(lab, group, Clock(), []).look()
    silent = suspended(lab, group) and not set(KEYS) <= tags(lab, group).keys()
    seen = watching(lab, group, Clock(), []).look()

    assert failed.error
    assert not silent
    assert "open" == seen.state
    assert ["Launch"] == suspended(lab, group)


class Host:
    """As pyinfra has them in an inventory."""

    def __init__(self, group: ScalingGroup | None, groups: tuple[str, ...] = ("cloud",)) -> None:
        self.data, self.groups = {"scaling_group": group}, groups


def test_status_tells_of_it_without_a_watcher(lab: Lab) -> None:
    """Read from AWS itself, of each group once."""
    about = {"breaker": Breaker(), "endpoint": lab.endpoint.url}
    group = failing(lab).model_copy(update=about)
    watching(lab, group, Clock(), []).look()
    (seen,) = standings([Host(group), Host(group), Host(None), Host(group, ("app",))])
    gone = lab.declare(**about)

    assert f"{group.name}: launches are suspended until {seen.expires} by balancer-1: 3 launches" in str(seen)
    assert "there is no Auto Scaling group" in str(standings([Host(gone)])[0])


def suspend(lab: Lab, group: ScalingGroup, *processes: str) -> None:
    lab.client("autoscaling").suspend_processes(AutoScalingGroupName=group.name, ScalingProcesses=processes)


def test_a_breaker_that_was_taken_out_while_it_was_open_is_told_of(lab: Lab) -> None:
    """Nobody lifts that suspension when it expires: whoever reads the status must learn of it, and what to do."""
    group = failing(lab).model_copy(update={"endpoint": lab.endpoint.url})
    watching(lab, group, Clock(), []).look()
    (seen,) = standings([Host(group)])

    assert str(seen).startswith(f"{group.name}: launches are suspended by balancer-1: 3 launches in a row failed: We")
    assert "that breaker is no longer declared, and `slackwater apply` lifts it" in str(seen)
    assert ("open", False) == (seen.state, seen.is_quiet)


@pytest.mark.parametrize(
    ("processes", "told"),
    [
        (["Launch"], "launches are suspended by somebody else, and left so"),
        (["Terminate"], "launches are free; also suspended, by somebody else: Terminate"),
        (
            ["AZRebalance", "Launch"],
            "launches are suspended by somebody else, and left so; also suspended, by somebody else: AZRebalance",
        ),
    ],
)
def test_a_persons_suspension_is_told_of_without_a_breaker(lab: Lab, processes: list[str], told: str) -> None:
    """Whoever did it last month has forgotten: a group that no longer scales in costs money, and nobody is told."""
    group = lab.make(lab.declare(endpoint=lab.endpoint.url))
    suspend(lab, group, *processes)
    (seen,) = standings([Host(group)])

    assert f"{group.name}: {told}" == str(seen)


def test_other_processes_are_told_of_beside_the_breakers_word(lab: Lab) -> None:
    """Launches are free, and yet somebody must hear that nothing scales in."""
    group = lab.make(lab.declare(endpoint=lab.endpoint.url, breaker=Breaker()))
    suspend(lab, group, "Terminate")
    (seen,) = standings([Host(group)])

    assert f"{group.name}: launches are free; 0 of 3 in a row failed; also suspended, by somebody else: Terminate" == (
        str(seen)
    )
    assert (True, False) == (seen.is_free, seen.is_quiet)


def test_a_former_breakers_tags_suspend_nothing_by_themselves(lab: Lab) -> None:
    """A person has freed launches after it was taken out; what else is suspended is not the breaker's."""
    group = failing(lab).model_copy(update={"endpoint": lab.endpoint.url})
    watching(lab, group, Clock(), []).look()
    scaling = lab.client("autoscaling")
    scaling.resume_processes(AutoScalingGroupName=group.name, ScalingProcesses=["Launch"])
    quiet = standings([Host(group)])
    suspend(lab, group, "AlarmNotification")

    assert [] == quiet
    assert ["launches are free; also suspended, by somebody else: AlarmNotification"] == [
        str(seen).partition(": ")[2] for seen in standings([Host(group)])
    ]


def test_a_group_without_a_breaker_is_asked_once_and_says_nothing_while_nothing_is_suspended(lab: Lab) -> None:
    """One request; how its launches went decides nothing. Nor is there a word of a group that is not made yet."""
    group = lab.make(lab.declare(endpoint=lab.endpoint.url))
    before = len(lab.endpoint.calls)
    found = standings([Host(group)])
    asked = lab.endpoint.calls[before:]

    assert [] == found
    assert [("autoscaling", "DescribeAutoScalingGroups")] == asked
    assert [] == standings([Host(lab.declare(endpoint=lab.endpoint.url))])


def test_a_group_that_cannot_be_read_is_told_of_without_a_breaker(lab: Lab) -> None:
    """Silence would say that nothing is suspended."""
    group = lab.make(lab.declare(endpoint=lab.endpoint.url))
    lab.endpoint.fail("autoscaling", "DescribeAutoScalingGroups", "AccessDenied", status=403)
    (seen,) = standings([Host(group)])

    assert str(seen).startswith(f"{group.name}: nobody can tell what is suspended: An error occurred (AccessDenied)")


def test_the_service_looks_writes_and_ends(lab: Lab, tmp_path: Path) -> None:
    """As on a balancer: with the standard library alone on its path, and told by a file."""
    group = failing(lab)
    told = {"group": group.name, "region": "eu-central-1", "endpoint": lab.endpoint.url, "failures": 3, "expiry": 3600}
    (tmp_path / "breaker.json").write_text(json.dumps(told))
    words = [sys.executable, "-m", "agents.breaker", str(tmp_path / "breaker.json"), str(tmp_path)]
    environment = {**os.environ, **lab.endpoint.environment, "PYTHONPATH": str(HOUSE / "src/slackwater")}
    with subprocess.Popen(words, env=environment, stdout=subprocess.PIPE, text=True) as service:
        until = time.monotonic() + AGENT_LIMIT
        while not (tmp_path / "metrics.prom").exists() and time.monotonic() < until:
            time.sleep(0.1)
        service.send_signal(signal.SIGTERM)
        said, _ = service.communicate(timeout=AGENT_LIMIT)

    assert 0 == service.returncode
    assert "open" == json.loads((tmp_path / "state.json").read_text())["state"]
    assert f'slackwater_breaker_open{{group="{group.name}"}} 1' in (tmp_path / "metrics.prom").read_text()
    assert f"{group.name}: launches are suspended until" in said


@pytest.fixture(scope="module")
def project(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Project:
    made = Project(tmp_path_factory.mktemp("project"), lab, "watched")
    made.put("inventories/prod.py", INVENTORY)
    return made


def declare(project: Project, breaker: str) -> None:
    """The project's group, with or without a breaker."""
    text = cloud(project.lab.ground, project.name, 10)
    head = text.replace("import Image", "import Breaker, Image")
    project.put("group_data/cloud.py", head.replace("    policies=[],", f"    policies=[],\n    breaker={breaker},"))


def test_the_command_watches_once(project: Project, lab: Lab) -> None:
    """Exit status 2 while launches are suspended, 0 when they are free again, 1 when there is nothing to watch."""
    group = lab.declare(name=project.name)
    lab.make(group)
    fail(lab, group, 3)
    declare(project, "None")
    none = project.run("watch", "inventories/prod.py", "--once")
    declare(project, "Breaker()")
    tripped = project.run("watch", "inventories/prod.py", "--once", "--json")
    shown = project.run("status", "inventories/prod.py")
    lab.endpoint.cloud.fail_launches(group.name, NEVER)
    lifted = project.run("watch", "inventories/prod.py", "--lift")
    free = project.run("watch", "inventories/prod.py", "--once")

    assert (1, True) == (none.returncode, "has no breaker" in none.stderr)
    assert "`slackwater apply` lifts" in none.stderr
    assert (2, "open") == (tripped.returncode, json.loads(tripped.stdout)["state"])
    assert f"{group.name}: launches are suspended until 20" in shown.stdout
    assert 2 == lifted.returncode
    assert (0, True) == (free.returncode, "launches are free" in free.stdout)
    assert 1 == project.run("watch", "inventories/prod.py", "--never").returncode


def test_the_command_watches_until_it_is_told_to_end(project: Project, lab: Lab) -> None:
    """Each look is a line of JSON; a signal is no error."""
    group = lab.make(lab.declare(name="watched-on"))
    project.name = group.name
    declare(project, "Breaker()")
    with project.start("watch", "inventories/prod.py", "--json", "--interval", "1") as command:
        assert command.stdout
        looks = [json.loads(command.stdout.readline())["state"] for _ in range(2)]
        command.send_signal(signal.SIGTERM)
        command.communicate(timeout=AGENT_LIMIT)

    assert (0, ["closed", "closed"]) == (command.returncode, looks)


def test_the_command_writes_what_a_balancer_would(project: Project, lab: Lab, tmp_path: Path) -> None:
    """A fleet without balancers is alerted by the same metrics; a folder that is not there is no silence."""
    group = failing(lab)
    project.name = group.name
    declare(project, "Breaker()")
    watched = project.run("watch", "inventories/prod.py", "--once", "--folder", str(tmp_path))
    absent = project.run("watch", "inventories/prod.py", "--once", "--folder", str(tmp_path / "absent"))

    assert (2, 1) == (watched.returncode, absent.returncode)
    assert "open" == json.loads((tmp_path / "state.json").read_text())["state"]
    assert f'slackwater_breaker_open{{group="{group.name}"}} 1' in (tmp_path / "metrics.prom").read_text()


def test_its_permissions_are_what_it_calls(lab: Lab) -> None:
    """No more than that, for whoever holds a balancer holds them."""
    group = failing(lab)
    before = len(lab.endpoint.calls)
    lab.endpoint.cloud.fail_launches(group.name, NEVER)
    watch = watching(lab, group, Clock(), [])
    for lift_now in (False, True, False):
        watch.look(lift_now=lift_now)
    called = {f"{service}:{operation}" for service, operation in lab.endpoint.calls[before:]}
    about = Subject(group, Store.s3("s3://bucket/store"), None, "production", "prod", account="123456789012")
    statements = permissions("watch", about)["Statement"]

    assert called == {action for statement in statements for action in statement["Action"]}
