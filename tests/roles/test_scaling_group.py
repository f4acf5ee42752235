"""The role scaling_group: a dry run shows each call, a run makes them, the next one has nothing to do."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.aws.project import Project
from tests.aws.resources import Lab
from tests.aws.resources import lab as start


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    with start() as running:
        yield running


def test_the_cloud_converges_with_pyinfra(lab: Lab, tmp_path: Path) -> None:
    """Shown, made, at rest; and what is shown is not yet made."""
    project = Project(tmp_path, lab, "tide")
    before = len(lab.endpoint.calls)
    dry = project.pyinfra("--dry")
    asked = {operation for _, operation in lab.endpoint.calls[before:]}
    made, again = project.pyinfra("-y"), project.pyinfra("-y")

    assert (0, 0, 0) == (dry.returncode, made.returncode, again.returncode), dry.stderr + made.stderr + again.stderr
    assert "scaling_group | autoscaling create_auto_scaling_group: new" in dry.stderr + dry.stdout
    assert [] == [name for name in asked if not name.startswith(("Describe", "Head", "Get"))]
    (group,) = lab.client("autoscaling").describe_auto_scaling_groups(AutoScalingGroupNames=["tide"])[
        "AutoScalingGroups"
    ]
    assert 2 == len(group["Instances"])
    assert "create_auto_scaling_group" not in again.stderr + again.stdout


def test_a_call_that_fails_ends_the_run_with_its_story(lab: Lab, tmp_path: Path) -> None:
    """No further call is made, and the report says which failed and what was done."""
    project = Project(tmp_path, lab, "ebb")
    lab.endpoint.fail("autoscaling", "create_auto_scaling_group", "Refused")
    failed = project.pyinfra("-y")
    said = failed.stderr + failed.stdout

    assert 0 != failed.returncode
    assert "autoscaling create_auto_scaling_group (new) failed" in said
    assert "done: ec2 create_launch_template: new" in said
    assert 0 == project.pyinfra("-y").returncode
