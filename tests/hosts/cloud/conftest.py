"""A cloud whose instances are hosts of a lab, and a group whose instances say over HTTP what they are told to."""

from __future__ import annotations

import base64
import time
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import pytest

from slackwater.lab import HostState, Lab, LabHost
from slackwater.lab.cloud import Endpoint, cloud
from slackwater.lab.cloud.machines.hosts import LabMachines
from tests.hosts.conftest import OWN

T = TypeVar("T")
LIMIT = 180.0
"""Seconds; a host boots in one, and on a busy machine cloud-init takes its time."""
BOOTED = """#!/bin/bash
# What an agent on the instance would do: it asks who it is, tells its hooks, and goes on telling until it is gone.
set -u
imds() { curl -sf -H "X-aws-ec2-metadata-token: $token" "http://169.254.169.254/latest/$1"; }
aws() {
  curl -s --noproxy '*' -o /dev/null "$ENDPOINT" -d "$1" -H 'Authorization: AWS4-HMAC-SHA256 \
Credential=lab/20260101/eu-central-1/autoscaling/aws4_request, SignedHeaders=host, Signature=0'
}
ENDPOINT=%(endpoint)s
token=$(curl -sf -X PUT -H 'X-aws-ec2-metadata-token-ttl-seconds: 600' http://169.254.169.254/latest/api/token)
me=$(imds meta-data/instance-id)
echo "$me" > /root/me
about="Version=2011-01-01&AutoScalingGroupName=g&InstanceId=$me"
aws "Action=CompleteLifecycleAction&LifecycleHookName=up&LifecycleActionResult=CONTINUE&$about"
"""


def hook(name: str, transition: str, default: str) -> dict[str, Any]:
    way = f"autoscaling:EC2_INSTANCE_{transition}"
    return {"LifecycleHookName": name, "LifecycleTransition": way, "HeartbeatTimeout": 600, "DefaultResult": default}


class Fleet:
    """The group `g`, with a hook on either way."""

    def __init__(self, endpoint: Endpoint, machines: LabMachines) -> None:
        self.endpoint, self.machines = endpoint, machines
        self.asg, self.ec2, self.ground = (
            endpoint.client("autoscaling"),
            endpoint.client("ec2"),
            endpoint.cloud.ground(),
        )
        script = BOOTED % {"endpoint": endpoint.url}
        data = {
            "ImageId": self.ground.image,
            "InstanceType": "t3.micro",
            "UserData": base64.b64encode(script.encode()).decode(),
            "IamInstanceProfile": {"Name": self.ground.instance_profile},
            "MetadataOptions": {"HttpTokens": "required", "HttpPutResponseHopLimit": 1},
        }
        self.ec2.create_launch_template(LaunchTemplateName="web", LaunchTemplateData=data)
        self.asg.create_auto_scaling_group(
            AutoScalingGroupName="g",
            MinSize=0,
            MaxSize=4,
            DesiredCapacity=0,
            VPCZoneIdentifier=",".join(self.ground.subnets),
            LaunchTemplate={"LaunchTemplateName": "web", "Version": "1"},
            LifecycleHookSpecificationList=[
                hook("up", "LAUNCHING", "ABANDON"),
                hook("down", "TERMINATING", "CONTINUE"),
            ],
        )

    def desire(self, number: int) -> None:
        self.asg.set_desired_capacity(AutoScalingGroupName="g", DesiredCapacity=number)

    def states(self) -> dict[str, str]:
        found = self.asg.describe_auto_scaling_groups(AutoScalingGroupNames=["g"])["AutoScalingGroups"][0]["Instances"]
        return {each["InstanceId"]: each["LifecycleState"] for each in found}

    def serving(self, number: int) -> list[str]:
        """Waits until so many are in service; their ids."""
        return until(lambda: self._in_service(number), lambda: f"{self.states()}, {self.endpoint.cloud.states}")

    def host(self, instance: str) -> LabHost:
        return self.machines.host(instance)

    def drained(self, instance: str) -> None:
        """As its agent would say it."""
        asked = {"AutoScalingGroupName": "g", "LifecycleHookName": "down", "InstanceId": instance}
        self.asg.complete_lifecycle_action(**asked, LifecycleActionResult="CONTINUE")

    def power(self, instance: str) -> str:
        found = self.ec2.describe_instances(InstanceIds=[instance])["Reservations"][0]["Instances"][0]
        return str(found["State"]["Name"])

    def _in_service(self, number: int) -> list[str]:
        there = [instance for instance, state in self.states().items() if state == "InService"]
        return there if len(there) == number else []


def until(look: Callable[[], T], otherwise: Callable[[], object] = str) -> T:
    deadline = time.monotonic() + LIMIT
    while not (found := look()):
        assert time.monotonic() < deadline, otherwise()
        time.sleep(0.2)
    return found


def read(host: LabHost, path: str) -> str:
    """What the instance is told by its metadata service."""
    token = "curl -sf -X PUT -H 'X-aws-ec2-metadata-token-ttl-seconds: 60' http://169.254.169.254/latest/api/token"
    asked = f'curl -s -H "X-aws-ec2-metadata-token: $({token})" http://169.254.169.254/latest/meta-data/{path}'
    return host.ssh(asked).stdout


@pytest.fixture(scope="module")
def machines() -> Iterator[LabMachines]:
    lab = Lab(f"{OWN}-sky")
    try:
        yield LabMachines.prepared(lab)
    finally:
        lab.down()


@pytest.fixture(scope="module")
def fleet(machines: LabMachines, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    with cloud(tmp_path_factory.mktemp("cloud"), lifecycle=True, machines=machines) as endpoint:
        yield Fleet(endpoint, machines)
        assert ([], []) == (endpoint.uncovered, endpoint.misshapen)


def is_off(host: LabHost) -> bool:
    return host.state() is HostState.OFF
