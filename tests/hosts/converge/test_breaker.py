"""The breaker on a real balancer: launches that keep failing are suspended by its own role, and tried again."""

from __future__ import annotations

import json
import re
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from slackwater.lab import Lab, LabHost
from slackwater.lab.cloud import Endpoint, Ground, cloud
from slackwater.lab.inventory import groups
from slackwater.lab.metadata import Service
from tests.hosts.converge.running import BIN, HOUSE, LIMIT, environment, out, settle
from tests.hosts.reaching import reached

GROUP, ALWAYS = "shop-breaker", 1000
FAILURES, EXPIRY = 3, 60
WAIT = 300.0
"""Seconds for the service to look at a group and act: it looks twice a minute, and the machine may be busy."""
TAG = "slackwater:breaker-"
INVENTORY = '''"""The lab, and the operator's machine as the group `cloud`."""

from slackwater.lab.inventory import groups as _groups

_found = _groups()
app, worker, balancer = (_found[_name] for _name in ("app", "worker", "balancer"))
cloud = [("@local", {"_sudo": False})]
'''
STORE = "store = Store.s3('s3://{ground.bucket}/fleet')\nfleet = {fleet!r}"
BALANCER = """balancer = Balancer(
    tls=Tls.self_signed(domains=["shop.test"]),
    membership=[Membership.auto_scaling({name!r}, region={region!r}, endpoint={endpoint!r})],
)"""
DECLARED = """scaling_group = ScalingGroup(
    name={name!r},
    region={region!r},
    image=Image.id({ground.image!r}),
    instance_types=["t3.small"],
    subnets={ground.subnets!r},
    security_groups=[{ground.security_group!r}],
    instance_profile={ground.instance_profile!r},
    breaker=Breaker(failures={failures}, expiry={expiry}),
    endpoint={endpoint!r},
)"""


@dataclass
class Watched:
    """A balancer that runs the breaker of a group in the lab's cloud, and its operator."""

    lab: Lab
    cloud: Endpoint
    service: Service
    inventory: Path
    group_data: Path

    @property
    def balancer(self) -> LabHost:
        return self.lab.host("balancer-1")

    def group(self) -> tuple[list[str], dict[str, str]]:
        """Suspended processes, and the breaker's tags without what they all begin with."""
        asg = self.cloud.client("autoscaling")
        (found,) = asg.describe_auto_scaling_groups(AutoScalingGroupNames=[GROUP])["AutoScalingGroups"]
        tags = {tag["Key"]: tag["Value"] for tag in found["Tags"] if tag["Key"].startswith(TAG)}
        suspended = [each["ProcessName"] for each in found["SuspendedProcesses"]]
        return suspended, {key.removeprefix(TAG): value for key, value in tags.items()}

    def await_state(self, word: str) -> tuple[list[str], dict[str, str]]:
        deadline = time.monotonic() + WAIT
        while not (found := self.group())[1].get("state", "").startswith(word):
            assert time.monotonic() < deadline, f"never {word}: {found}\n{self.journal()}"
            time.sleep(0.2)
        return found

    def await_metric(self, line: str) -> str:
        """All of them once that line is there."""
        deadline = time.monotonic() + WAIT
        while line not in (text := self.balancer.ssh("cat /run/slackwater-breaker/metrics.prom").stdout):
            assert time.monotonic() < deadline, f"never {line}:\n{text}\n{self.journal()}"
            time.sleep(0.5)
        return text

    def journal(self) -> str:
        return self.balancer.ssh("journalctl --no-pager -u slackwater-breaker | tail -n 40").stdout

    def status(self, *words: str) -> str:
        """What the operator is told: app-1 has nothing yet, so that the fleet as a whole is not well."""
        line = [str(BIN / "slackwater"), "status", str(self.inventory), "--group-data", str(self.group_data), *words]
        variables = environment(self.lab) | self.cloud.environment
        done = subprocess.run(
            line, cwd=HOUSE, env=variables, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=LIMIT,
            check=False,
        )  # fmt: skip
        assert done.stdout, done.stderr
        return done.stdout


@pytest.fixture(scope="module")
def watched(
    lab: Callable[..., AbstractContextManager[Lab]], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Watched]:
    """Converged; the group has asked for no instance yet."""
    folder = tmp_path_factory.mktemp("watched")
    with cloud(folder / "cloud", lifecycle=True) as sky, lab("breaker", app=1, balancer=1) as made:
        ground = sky.cloud.ground("breaker")
        _make_group(sky, ground)
        with reached(made.host("balancer-1"), sky) as (endpoint, service):
            inventory, told = folder / "inventories/local.py", folder / "group_data"
            _write(inventory, INVENTORY)
            fleet = groups(made.name)["app"][0][1]["fleet"]
            words: dict[str, object] = {"fleet": fleet}
            words |= {"name": GROUP, "region": sky.region, "failures": FAILURES, "expiry": EXPIRY, "endpoint": endpoint}
            for name, text in {"all": STORE, "local": BALANCER, "cloud": DECLARED}.items():
                _write(told / f"{name}.py", f"from slackwater import *\n{text.format(ground=ground, **words)}\n")
            settle(made, "--limit", "balancer-1", group_data=told, inventory=inventory)
            yield Watched(made, sky, service, inventory, told)


def _make_group(sky: Endpoint, ground: Ground) -> None:
    data = {"ImageId": ground.image, "InstanceType": "t3.small"}
    sky.client("ec2").create_launch_template(LaunchTemplateName=GROUP, LaunchTemplateData=data)
    sky.client("autoscaling").create_auto_scaling_group(
        AutoScalingGroupName=GROUP,
        MinSize=0,
        MaxSize=1,
        DesiredCapacity=0,
        VPCZoneIdentifier=ground.subnets[0],
        LaunchTemplate={"LaunchTemplateName": GROUP, "Version": "1"},
    )


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def test_a_converge_leaves_a_service_that_watches(watched: Watched) -> None:
    """By the balancer's own role, from tokens of IMDSv2; free launches are said to be free."""
    metrics = watched.await_metric(f'slackwater_breaker_state{{group="{GROUP}",state="closed"}} 1')
    unit = out(watched.balancer, "systemctl show -P ActiveState,UnitFileState,NRestarts slackwater-breaker")
    roles = [status for _, path, status in watched.service.asked if "/iam/security-credentials/" in path]

    assert {"active", "enabled", "0"} == set(unit.split())
    assert f'slackwater_breaker_ok{{group="{GROUP}"}} 1' in metrics
    assert f'slackwater_breaker_open{{group="{GROUP}"}} 0' in metrics
    assert {200} == set(roles)
    assert ([], {}) == watched.group()


def test_launches_that_keep_failing_are_suspended_and_tried_once(watched: Watched) -> None:
    """Owner, reason and expiry in the group's tags, in status and as a metric; then a trial, and no second one."""
    watched.cloud.cloud.fail_launches(GROUP, ALWAYS)
    asg = watched.cloud.client("autoscaling")
    asg.set_desired_capacity(AutoScalingGroupName=GROUP, DesiredCapacity=1)
    for _ in range(FAILURES - 1):
        watched.cloud.cloud.retry(GROUP)
    suspended, tags = watched.await_state("open")
    seen_at = datetime.now(UTC)
    metrics = watched.await_metric(f'slackwater_breaker_open{{group="{GROUP}"}} 1')
    (told,), text = json.loads(watched.status("--json"))["launches"], watched.status()
    before = _tried(asg)
    trial_suspended, _ = watched.await_state("trial")
    again_suspended, again = watched.await_state("open")
    expires = datetime.fromisoformat(tags["expires"])

    assert ["Launch"] == suspended
    assert "slackwater on balancer-1" == tags["owner"]
    assert re.fullmatch(r"\d+ launches in a row failed: We currently do not have sufficient .*", tags["reason"])
    assert 0 < (expires - seen_at).total_seconds() <= EXPIRY
    assert f'slackwater_breaker_suspended{{group="{GROUP}",process="Launch"}} 1' in metrics
    assert f'slackwater_breaker_expires_timestamp_seconds{{group="{GROUP}"}} {expires.timestamp():.0f}' in metrics
    assert ("open", tags["owner"], tags["reason"]) == (told["state"], told["owner"], told["reason"])
    assert (
        f"{GROUP}: launches are suspended until {tags['expires']} by slackwater on balancer-1: {tags['reason']}" in text
    )
    assert [] == trial_suspended
    assert ["Launch"] == again_suspended
    assert again["reason"].startswith("the trial launch failed: We currently")
    assert datetime.fromisoformat(again["expires"]) > expires
    assert _tried(asg) > before


def test_a_launch_that_succeeds_ends_it(watched: Watched) -> None:
    """After the next expiry: the instance that was missing comes, and nothing of the breaker is left on the group."""
    watched.cloud.cloud.fail_launches(GROUP, 0)
    watched.await_state("trial")
    watched.await_metric(f'slackwater_breaker_state{{group="{GROUP}",state="closed"}} 1')

    assert ([], {}) == watched.group()
    assert "launches" not in watched.status()


def _tried(asg: Any) -> int:
    """Launches so far, whatever became of them."""
    return len(asg.describe_scaling_activities(AutoScalingGroupName=GROUP)["Activities"])
