"""The role breaker: on balancers of a fleet whose group has one, and nowhere else."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from roles.breaker import breaker
from slackwater import Breaker, Image, ScalingGroup
from tests.roles.bare import Bare, BareHost
from tests.roles.test_nginx import written

TOLD = "/etc/slackwater/breaker.json"
UNIT = "/etc/systemd/system/slackwater-breaker.service"


def declare(told: Breaker | None) -> ScalingGroup:
    return ScalingGroup(
        name="shop",
        region="eu-central-1",
        image=Image.id("ami-0123456789abcdef0"),
        instance_types=["t3.micro"],
        subnets=["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"],
        security_groups=["sg-01234567"],
        instance_profile="shop",
        breaker=told,
    )


def run(run_role: Any, told: Breaker | None, group: str = "balancer", bare: Bare | None = None) -> BareHost:
    cloud = {"cloud": [("@local", {"scaling_group": declare(told)})]}
    done: BareHost = run_role(breaker, groups=(group,), others=cloud, bare=bare)
    return done


def test_a_balancer_is_told_which_group_it_watches(run_role: Any) -> None:
    """With all the agent's code, and boto3."""
    done = run(run_role, Breaker(failures=5, expiry=600))
    files = written(done)
    told = {"group": "shop", "region": "eu-central-1", "endpoint": None, "failures": 5, "expiry": 600}

    assert told == json.loads(files[TOLD])
    assert "/usr/local/lib/slackwater/agents/breaker/__main__.py" in files
    assert "/usr/local/lib/slackwater/agents/breaker/policy.py" in files
    assert f"-m agents.breaker {TOLD} " in files[UNIT]
    assert any("python3-boto3" in command for command in done.executed_commands)
    assert any("slackwater-breaker.service" in command for command in done.executed_commands)


def test_it_runs_as_nobody_else(run_role: Any) -> None:
    """A user of its own, that exists while it runs and owns nothing."""
    unit = written(run(run_role, Breaker()))[UNIT]

    assert "DynamicUser=yes" in unit
    assert "CapabilityBoundingSet=\n" in unit


@pytest.mark.parametrize(
    ("told", "group"),
    [(None, "balancer"), (Breaker(), "app"), (Breaker(watched_by="elsewhere"), "balancer")],
    ids=["no breaker", "no balancer", "watched elsewhere"],
)
def test_elsewhere_it_goes(run_role: Any, told: Breaker | None, group: str) -> None:
    """Whoever had it loses it; whoever had not is asked a single question."""
    former = Bare(lines={f"test ! -e {UNIT}": ["there"]})
    (removed,) = run(run_role, told, group, former).executed_commands

    assert "systemctl disable --quiet --now slackwater-breaker.service" in removed
    assert removed.index(TOLD) < removed.index("daemon-reload")
    assert [] == run(run_role, told, group).executed_commands


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="needs systemd-analyze")
def test_systemd_takes_the_unit(run_role: Any, tmp_path: Path) -> None:
    """Each line of it."""
    place = tmp_path / "slackwater-breaker.service"
    place.write_text(written(run(run_role, Breaker()))[UNIT])
    verify = ["systemd-analyze", "verify", "--man=no", "--recursive-errors=no", str(place)]
    done = subprocess.run(verify, check=False, capture_output=True, text=True)

    assert (0, "") == (done.returncode, done.stdout + done.stderr)
