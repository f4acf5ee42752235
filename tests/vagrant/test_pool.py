"""Two VMs of Vagrant's as the instances of a group in the lab's cloud: `scripts/test --vagrant`."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
import requests

from slackwater.drill.declared import GROUP
from slackwater.drill.operator import Operator
from slackwater.lab.cloud import Endpoint, cloud
from slackwater.lab.cloud.machines.vagrant import VagrantMachines, clear
from tests.vagrant.conftest import PLACE
from tests.vagrant.fleet import NETWORK, VagrantFleet, standing

pytestmark = pytest.mark.vagrant

NAMES = ("instance-1", "instance-2")
LIMIT = 900.0
"""Seconds from the group's word until an instance serves: Debian's packages, cloud-init, a converge."""


@dataclass
class Pool:
    """A group of one, and at most two."""

    fleet: VagrantFleet
    sky: Endpoint
    machines: VagrantMachines
    operator: Operator

    def states(self) -> dict[str, str]:
        found = self.sky.client("autoscaling").describe_auto_scaling_groups(AutoScalingGroupNames=[GROUP])
        return {each["InstanceId"]: each["LifecycleState"] for each in found["AutoScalingGroups"][0]["Instances"]}

    def serving(self, number: int) -> list[str]:
        """Waits until so many are in service and no other is there; their ids."""
        self.wait(lambda: list(self.states().values()) == ["InService"] * number)
        return sorted(self.states())

    def wait(self, condition: Callable[[], bool]) -> None:
        deadline = time.monotonic() + LIMIT
        while not condition():
            assert time.monotonic() < deadline, (self.states(), self.sky.cloud.states)
            time.sleep(1)

    def vm(self, instance: str) -> str:
        """Its name in fleet.yml."""
        return next(name for name in NAMES if instance in self.about(name))

    def about(self, name: str) -> str:
        return self.fleet.on(name, "cat /var/lib/cloud/data/instance-id 2>/dev/null || true")


def is_used(fleet: VagrantFleet, name: str) -> bool:
    """Whether anything of ours was ever told there."""
    return "there" in fleet.on(name, "[ ! -e /etc/slackwater ] || echo there")


@pytest.fixture(scope="module")
def pool(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pool]:
    fleet = VagrantFleet(tmp_path_factory.mktemp("pool"), {"balancer": 0, "app": 0, "instance": 2})
    with standing(fleet), pytest.MonkeyPatch.context() as patch:
        for name, value in fleet.environment.items():
            patch.setenv(name, value)
        machines = VagrantMachines(PLACE)
        with cloud(fleet.folder / "cloud", lifecycle=True, machines=machines) as sky:
            nowhere = {"ssh_hostname": f"{NETWORK}.9", "address": f"{NETWORK}.9"}
            sizes = {"minimum": 1, "maximum": 2, "desired": 1, "step": 1}
            operator = Operator.begin(fleet.folder / "project", sky, sky.cloud.ground("pool"), nowhere, **sizes)
            operator.build("first")
            operator.prove("first")
            yield Pool(fleet, sky, machines, operator)
            assert [] == sky.uncovered
        clear(PLACE)
        assert [False, False] == [is_used(fleet, name) for name in NAMES]


def test_a_group_scales_out_and_in_over_vms_that_run(pool: Pool) -> None:
    """Each provisions itself by its user-data and serves; the one that leaves has drained, and its VM is made anew."""
    pool.operator.apply()
    (first,) = pool.serving(1)
    pool.operator.alarm("high")
    both = pool.serving(2)
    homes = {instance: pool.vm(instance) for instance in both}
    answers = {vm: requests.get(f"http://{NETWORK}.{90 + int(vm[-1])}:8000/", timeout=20) for vm in homes.values()}
    pool.operator.alarm("low")
    (stayed,) = pool.serving(1)
    (left,) = set(both) - {stayed}
    told = [told for call, told in pool.sky.lifecycle_calls if call == "CompleteLifecycleAction"]
    pool.wait(pool.machines.has_room)

    assert first in both
    assert {200} == {answer.status_code for answer in answers.values()}
    assert {left} | set(both) == {one["InstanceId"] for one in told if one["LifecycleActionResult"] == "CONTINUE"}
    assert 2 == sum(one["InstanceId"] == left for one in told)  # as it came, and as it went
    assert "" == pool.about(homes[left]).strip()
    assert stayed in pool.about(homes[stayed])
