"""Scenarios on a cloud whose instances are in its books only: what they ask of the group, and what they plan."""

from __future__ import annotations

import io
import re
import subprocess
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from slackwater.drill.declared import GROUP
from slackwater.drill.live import View
from slackwater.drill.operator import Operator
from slackwater.drill.play import played
from slackwater.drill.scenarios import crash, load, scale_in, spot
from slackwater.drill.stage import Stage
from slackwater.drill.timeline import watching
from slackwater.errors import LabError
from slackwater.lab import Lab, LabHost
from slackwater.lab.addressing import INSTANCE, Network
from slackwater.lab.cloud import Endpoint, cloud
from slackwater.lab.load import Result
from slackwater.lab.load._result import Answered
from slackwater.lab.places import PLACES
from slackwater.lab.records import HostRecord


class Paper(LabHost):
    """A host in the books: its agent says at once that it has left, and nobody may ask more of it."""

    def ssh(self, command: str, **_: Any) -> subprocess.CompletedProcess[str]:
        assert "slackwater-drain status --json" == command
        return subprocess.CompletedProcess(command, 0, '{"state": "drained"}', "")


@dataclass
class People:
    """Of a load that runs what a stage looks at."""

    result: Result


class OnPaper:
    """Of LabMachines what a stage asks for."""

    def __init__(self) -> None:
        self._hosts: dict[str, LabHost] = {}

    def host(self, instance: str) -> LabHost:
        record = HostRecord(f"{INSTANCE}-{len(self._hosts) + 1}", "bookworm", "none", instance=instance)
        return self._hosts.setdefault(instance, Paper(record, Network("books", 63), PLACES))


def policy(sky: Endpoint, name: str, step: int) -> None:
    """As `slackwater apply` makes it of the declaration."""
    high = step > 0
    bound = "MetricIntervalLowerBound" if high else "MetricIntervalUpperBound"
    made = sky.client("autoscaling").put_scaling_policy(
        AutoScalingGroupName=GROUP, PolicyName=name, PolicyType="StepScaling", AdjustmentType="ChangeInCapacity",
        EstimatedInstanceWarmup=0, StepAdjustments=[{bound: 0, "ScalingAdjustment": step}],
    )  # fmt: skip
    sky.client("cloudwatch").put_metric_alarm(
        AlarmName=f"slackwater-{GROUP}:{name}", Namespace="Drill", MetricName="load", Statistic="Average", Period=60,
        EvaluationPeriods=1, Threshold=70 if high else 30, AlarmActions=[made["PolicyARN"]],
        ComparisonOperator="GreaterThanThreshold" if high else "LessThanThreshold",
    )  # fmt: skip


def group(sky: Endpoint) -> Any:
    ground = sky.cloud.ground("drill")
    data = {"ImageId": ground.image, "InstanceType": "t3.small"}
    sky.client("ec2").create_launch_template(LaunchTemplateName=GROUP, LaunchTemplateData=data)
    sky.client("autoscaling").create_auto_scaling_group(
        AutoScalingGroupName=GROUP, MinSize=2, MaxSize=3, DesiredCapacity=2, VPCZoneIdentifier=ground.subnets[0],
        LaunchTemplate={"LaunchTemplateName": GROUP, "Version": "1"},
    )  # fmt: skip
    policy(sky, "high", 1)
    policy(sky, "low", -1)


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def stage(tmp_path: Path, said: list[str]) -> Iterator[Stage]:
    """A group of two that may have a third; nobody is there to be served."""
    with cloud(tmp_path, lifecycle=True) as sky:
        group(sky)
        made = Stage(Lab("books"), sky, OnPaper(), Operator(tmp_path / "project", sky), said.append, 2, 2, 3, 1)
        with watching(made.tick) as made.watch:
            made.wait(lambda: len(made.timeline.seen()) == 2, "the first two")
            made.timeline.began -= 60  # nobody has to wait until the first two count in full
            yield made


def test_alarms_grow_and_shrink_the_group_and_nothing_else_does(stage: Stage, said: list[str]) -> None:
    """Where there is no room for one, the other is played first."""
    scale_in(stage)
    load(stage)

    assert ["scale-out", "scale-in", "load"] == [phase.name for phase in stage.phases]
    assert (2, []) == (stage.size, stage.faults)
    assert 3 == len(stage.timeline.seen())
    assert 1 == len(stage.phases[1].figures["drained in"])
    assert [line for line in said if line.startswith("scale-out: ")]


@pytest.mark.parametrize(("bound", "faults"), [(110, []), (0, [" s, and 0 s is the bound"])])
def test_a_spot_instance_that_leaves_too_late_is_a_fault(stage: Stage, bound: float, faults: list[str]) -> None:
    """It is gone as soon as its agent says so, long before the two minutes are over, and one comes in its place."""
    before = stage.serving()
    spot(stage, bound)

    assert before[:1] == [one for one in before if one not in stage.states()]
    assert stage.phases[0].seconds < 60
    assert 2 == len(stage.states())
    assert faults == [fault[-len(faults[0]) :] for fault in stage.faults]


def test_what_the_cloud_refuses_is_a_sentence(stage: Stage) -> None:
    """A machine may be gone in the moment in which it is to be taken; a traceback would cost the report."""
    with pytest.raises(LabError, match="i-none could not be crashed: there is no instance i-none"):
        stage.crash("i-none")
    with pytest.raises(LabError, match=r"i-none could not be taken back: .*i-none"):
        stage.interrupt("i-none")


def test_a_crashed_machine_is_replaced_and_that_was_planned(stage: Stage) -> None:
    """What is lost is told apart only until the balancers know, and not while another boots."""
    before = set(stage.states())
    crash(stage, blind=0)

    assert ["crash", "replacement"] == [phase.name for phase in stage.phases]
    assert 1 == len(before - set(stage.states()))
    assert [] == stage.faults


def test_a_dead_machine_is_shown_as_dead(stage: Stage) -> None:
    """Also as long as the group says that it is in service."""
    stage.cloud.client("autoscaling").suspend_processes(AutoScalingGroupName=GROUP, ScalingProcesses=["HealthCheck"])
    dead, other = stage.serving()
    stage.crash(dead)

    assert {dead: "InService", other: "InService"} == stage.states()
    assert {dead: "Crashed", other: "InService"} == stage.shown()


def test_a_terminal_shows_who_is_there_and_what_was_sent(stage: Stage) -> None:
    """Each instance with its state and its answers, the phase with its requests, and the last lines."""
    answered = {"instance-1": Answered(7), "instance-2": Answered(4)}
    stage.people = People(Result(sent=Counter(GET=12), lost=Counter(GET=1), instances=answered))
    out = io.StringIO()
    view = View(Console(file=out, force_terminal=True, width=120))
    with stage.phase("load"), view.shown():
        view.stage = stage
        view.say("people come")
    rows = [line.split() for line in re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", out.getvalue()).splitlines()]

    assert ["instance-1", "InService", "7", "answers"] in rows
    assert ["instance-2", "InService", "4", "answers"] in rows
    assert ["load:", "12", "requests", "sent,", "1", "lost,", "0", "WebSockets", "cut"] in rows
    assert ["people", "come"] in [row[1:] for row in rows]


def test_a_launch_that_nobody_planned_is_a_fault(stage: Stage) -> None:
    """A fleet that loses a host for no reason may lose no request, and is sick all the same."""
    with stage.phase("calm"):
        one = stage.serving()[0]
        stage.cloud.cloud.crash(one)
        stage.wait(lambda: one not in stage.states(), "the end of it")
        stage.settle()
        stage.wait(lambda: len(stage.timeline.seen()) == 3, "a look")

    assert ["calm: 1 launches that nobody planned"] == stage.faults


def test_a_launch_that_did_not_come_is_none_that_nobody_planned(stage: Stage) -> None:
    """Whoever waits for it says so."""
    with stage.phase("calm", launches=1):
        pass

    assert [] == stage.faults


def test_who_waits_is_told_when_nobody_looks_any_more(stage: Stage) -> None:
    """What is seen decides: without a watch everything would be waited for to its bound."""
    stage.watch = [OSError("the disk is gone")]

    with pytest.raises(LabError, match=r"nobody watches the timeline any more: OSError\('the disk is gone'\)"):
        stage.wait(lambda: False, "the moon", limit=5)


def test_a_fault_ends_with_what_the_cloud_said_last(stage: Stage, tmp_path: Path) -> None:
    """Why a machine did not boot is told there alone, and the log goes with the lab."""
    (tmp_path / "cloud.log").write_text("i-1 (instance-1): no space left on device")

    def broken(stage: Stage) -> None:
        with stage.phase("broken"):
            raise LabError("not within 900 s")

    assert ["broken: not within 900 s\nThe cloud's log ends:\ni-1 (instance-1): no space left on device"] == played(
        stage, [broken]
    )


def test_what_is_waited_for_is_bounded(stage: Stage) -> None:
    """With the states, for whoever reads it."""
    with pytest.raises(LabError, match=r"not within 0.2 s: the moon; the instances are .*InService"):
        stage.wait(lambda: False, "the moon", limit=0.2)


@pytest.mark.parametrize("end", [LabError("the disk is full"), KeyboardInterrupt(), SystemExit(143)])
def test_after_one_that_did_not_end_no_other_is_played(stage: Stage, end: BaseException) -> None:
    """Failed or interrupted: what is known by then is still reported, and is no success."""

    def broken(stage: Stage) -> None:
        with stage.phase("broken"):
            raise end

    faults = played(stage, [load, broken, load])

    assert ["load", "broken"] == [phase.name for phase in stage.phases]
    assert 1 == len(faults)
    assert faults[0].startswith("broken: the disk is full" if isinstance(end, LabError) else "broken: interrupted")
