"""`slackwater plan`, `apply` and `delete` as an operator types them, in a project of its own."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from slackwater.aws.image import UNSEEN
from slackwater.aws.plan import Plan
from slackwater.aws.saved import refuse_stale
from slackwater.aws.world import World
from slackwater.errors import CloudError
from tests.aws.project import COMMAND_LIMIT, Project, cloud
from tests.aws.resources import Lab
from tests.aws.resources import lab as start

INVENTORY = "inventories/prod.py"


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    with start() as running:
        yield running


def test_a_plan_is_shown_saved_applied_and_then_stale(lab: Lab, tmp_path: Path) -> None:
    """2 when something would change, 0 when nothing would; a saved plan is for the world that it was made in."""
    project = Project(tmp_path, lab, "tide")
    planned = project.run("plan", INVENTORY, "--out", "tide.plan")
    applied = project.run("apply", INVENTORY, "--plan", "tide.plan", "--yes")
    rested = project.run("plan", INVENTORY, "--json")
    stale = project.run("apply", INVENTORY, "--plan", "tide.plan", "--yes")

    assert (2, 0, 0, 1) == tuple(done.returncode for done in (planned, applied, rested, stale)), applied.stderr
    assert "+ autoscaling create_auto_scaling_group  new" in planned.stdout
    assert "tide: done" in applied.stdout
    assert {"group": "tide", "calls": [], "notes": [], "changes": 0} == json.loads(rested.stdout)
    assert "AWS holds something else since it was made" in stale.stderr
    assert "cloud-config" not in planned.stdout + applied.stdout + (tmp_path / "tide.plan").read_text()


def test_a_saved_plan_is_of_one_declaration_and_one_group(lab: Lab, tmp_path: Path) -> None:
    """Whoever looked at it would get something else than what was shown: nothing is changed, and it says why."""
    project = Project(tmp_path, lab, "slack")
    project.run("plan", INVENTORY, "--out", "ten.plan")
    project.write(maximum=9)
    edited = project.run("apply", INVENTORY, "--plan", "ten.plan", "--yes")
    project.put("group_data/cloud.py", cloud(lab.ground, "slacker", 10))
    foreign = project.run("apply", INVENTORY, "--plan", "ten.plan", "--yes")

    assert (1, 1) == (edited.returncode, foreign.returncode)
    assert "ten.plan: something else is declared since it was made" in edited.stderr
    assert "ten.plan: it is a plan of slack, and the inventory declares slacker" in foreign.stderr
    assert all("Nothing was changed: plan again" in done.stderr for done in (edited, foreign))
    assert set() == {"slack", "slacker"} & {each["AutoScalingGroupName"] for each in _groups(lab)}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (None, "cannot be read as a plan"),
        ("", "cannot be read as a plan"),
        ('{"format": 1, "group": "br', "cannot be read as a plan"),
        ("[]", "is no plan of this version of Slackwater"),
        ('{"format": 0, "group": "broken", "calls": [], "world": {}}', "is no plan of this version of Slackwater"),
        ('{"format": 1}', "is no plan of this version of Slackwater"),
        ('{"format": 1, "group": "broken", "calls": [], "world": []}', "is no plan of this version of Slackwater"),
    ],
    ids=["missing", "empty", "cut off", "a list", "another format", "without parts", "parts of another kind"],
)
def test_a_file_that_is_no_plan_is_refused(tmp_path: Path, text: str | None, said: str) -> None:
    """With its name, and without a traceback."""
    path = tmp_path / "broken.plan"
    if text is not None:
        path.write_text(text)
    world = World(UNSEEN, None, None, has_bundle=True)

    with pytest.raises(CloudError, match=f"broken.plan {said}"):
        refuse_stale(path, Plan("broken", ()), world)


def test_apply_asks_and_a_no_changes_nothing(lab: Lab, tmp_path: Path) -> None:
    """Neither does a declaration with faults, nor wrong words; none of them says that something would change."""
    project = Project(tmp_path, lab, "neap")
    before = len(lab.endpoint.calls)
    declined = project.run("apply", INVENTORY, answer="n\n")
    project.put(
        "group_data/cloud.py", (tmp_path / "group_data/cloud.py").read_text().replace("maximum=10", "maximum=1")
    )
    asked = len(lab.endpoint.calls)
    faulty = project.run("plan", INVENTORY)
    nowhere = project.run("plan", "inventories/none.py")

    assert (1, 1, 1) == (declined.returncode, faulty.returncode, nowhere.returncode)
    assert "maximum = 1: must be at least minimum (2)" in faulty.stderr
    assert asked == len(lab.endpoint.calls)
    assert [] == [name for _, name in lab.endpoint.calls[before:] if not name.startswith(("Describe", "Head", "Get"))]


def test_a_group_is_deleted_by_its_name(lab: Lab, tmp_path: Path) -> None:
    """Another name deletes nothing; afterwards a plan would make it anew."""
    project = Project(tmp_path, lab, "spring")
    made = project.run("apply", INVENTORY, "--yes", "--json")
    other = project.run("delete", INVENTORY, "ebb", "--yes")
    kept = project.run("delete", INVENTORY, "spring", answer="sprin\n")
    gone = project.run("delete", INVENTORY, "spring", answer="spring\n")

    assert (0, 1, 1, 0) == tuple(done.returncode for done in (made, other, kept, gone)), gone.stderr
    assert json.loads(made.stdout)["ok"] is True
    names = [each["AutoScalingGroupName"] for each in _groups(lab)]
    assert "spring" not in names


@pytest.mark.parametrize(
    ("words", "question", "answer"),
    [
        (["apply", INVENTORY], "Change ", "y\n"),
        (["delete", INVENTORY, "flood"], "Type flood", "flood\n"),
    ],
    ids=["apply", "delete"],
)
def test_what_has_changed_while_a_person_thought_is_refused(
    lab: Lab, tmp_path: Path, words: list[str], question: str, answer: str
) -> None:
    """What was shown is what is done, or nothing is."""
    project = Project(tmp_path, lab, "flood")
    project.run("apply", INVENTORY, "--yes")
    project.write(maximum=9)
    scaling = lab.client("autoscaling")
    with project.start(*words, stdin=subprocess.PIPE, stderr=subprocess.PIPE) as command:
        assert command.stdout
        shown = ""
        while question not in shown and (one := command.stdout.read(1)):
            shown += one
        scaling.update_auto_scaling_group(AutoScalingGroupName="flood", HealthCheckGracePeriod=77)
        _, errors = command.communicate(answer, timeout=COMMAND_LIMIT)
    (group,) = (each for each in _groups(lab) if each["AutoScalingGroupName"] == "flood")

    assert 1 == command.returncode
    assert "AWS holds something else than what was shown (group). Nothing was changed" in errors
    assert (10, 2) == (group["MaxSize"], group["MinSize"])


def test_an_apply_that_was_killed_is_completed_by_the_next(lab: Lab, tmp_path: Path) -> None:
    """With SIGKILL, in the middle of the call that makes the group: AWS carries it out, and nobody hears of it."""
    project = Project(tmp_path, lab, "wreck")
    lab.endpoint.slow("autoscaling", "CreateAutoScalingGroup", 3)
    before = len(lab.endpoint.calls)
    with project.start("apply", INVENTORY, "--yes") as command:
        _wait(lambda: ("autoscaling", "CreateAutoScalingGroup") in lab.endpoint.calls[before:])
        command.kill()
    _wait(lambda: "wreck" in [each["AutoScalingGroupName"] for each in _groups(lab)])
    again = project.run("apply", INVENTORY, "--yes")
    rested = project.run("plan", INVENTORY)
    (group,) = (each for each in _groups(lab) if each["AutoScalingGroupName"] == "wreck")
    versions = lab.client("ec2").describe_launch_template_versions(LaunchTemplateName="wreck")
    made = [operation for _, operation in lab.endpoint.calls[before:]]

    assert (-signal.SIGKILL, 0, 0) == (command.returncode, again.returncode, rested.returncode), again.stderr
    assert (2, 1) == (len(group["Instances"]), len(versions["LaunchTemplateVersions"]))
    assert [1, 1] == [made.count(name) for name in ("CreateAutoScalingGroup", "CreateTargetGroup")]


def test_what_no_bundle_knows_is_refused(lab: Lab, tmp_path: Path) -> None:
    """Instances would run with other settings than those that were planned; nothing is asked of AWS."""
    project = Project(tmp_path, lab, "drift")
    asked = len(lab.endpoint.calls)
    for words in (("--data", "environment=staging"), ("--group-data", "more")):
        for command in (("plan",), ("apply", "--yes"), ("bundle", "build")):
            done = project.run(*command, INVENTORY, *words)

            assert 1 == done.returncode
            assert f"{words[0]} {words[1]}: must not be given here" in done.stderr
    assert asked == len(lab.endpoint.calls)


def _wait(told: Callable[[], bool]) -> None:
    deadline = time.monotonic() + COMMAND_LIMIT
    while not told():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def _groups(lab: Lab) -> list[dict[str, Any]]:
    return list(lab.client("autoscaling").describe_auto_scaling_groups()["AutoScalingGroups"])
