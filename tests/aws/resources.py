"""A group in the lab's cloud, and requests that botocore's own model has looked at."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any

import botocore.session
import pytest
from botocore import xform_name
from botocore.validate import ParamValidator

from slackwater.aws.apply import apply, resolve
from slackwater.aws.call import Call
from slackwater.aws.clients import Clients
from slackwater.lab.cloud import Endpoint, Ground, cloud
from slackwater.settings import Image, ScalingGroup

VPC, SUBNETS, GUARD = "vpc-0123456789abcdef0", ("subnet-0123456789abcdef0", "subnet-0123456789abcdef1"), "sg-01234567"
NUMBERS = itertools.count(1)


class Anything(dict[str, str]):
    """What earlier calls of a plan would give."""

    def __missing__(self, key: str) -> str:
        return f"arn:aws:elasticloadbalancing:eu-central-1:123456789012:targetgroup/{key}/0123456789abcdef"


def declare(**told: Any) -> ScalingGroup:
    """A sound declaration; what is told replaces its part."""
    sound = {
        "name": "shop",
        "region": "eu-central-1",
        "image": Image.id("ami-0123456789abcdef0"),
        "instance_types": ["t3.micro"],
        "subnets": SUBNETS,
        "security_groups": [GUARD],
        "instance_profile": "lab",
        "policies": [],
        "desired": 2,
    }
    return ScalingGroup(**sound | told)


def checked(calls: Sequence[Call]) -> list[Call]:
    """The calls, each a request that botocore would send: known, complete, of the right types and lengths."""
    for call in calls:
        arguments = resolve(call.arguments, Anything(), [])
        report = ParamValidator().validate(arguments, shape(call.service, call.method))
        assert not report.has_errors(), f"{call.name}: {report.generate_report()}"
    return list(calls)


def names(calls: Sequence[Call]) -> list[str]:
    """What a plan does, and why."""
    return [f"{call.method}: {call.reason}" for call in checked(calls)]


@cache
def shape(service: str, method: str) -> Any:
    model = botocore.session.get_session().get_service_model(service)
    (operation,) = [name for name in model.operation_names if xform_name(name) == method]
    return model.operation_model(operation).input_shape


@dataclass(frozen=True)
class Lab:
    endpoint: Endpoint
    ground: Ground
    clients: Clients

    def declare(self, **told: Any) -> ScalingGroup:
        """A declaration on the lab's ground, under a name of its own unless one is told."""
        ours = {
            "name": f"shop{next(NUMBERS)}",
            "image": Image.id(self.ground.image),
            "subnets": self.ground.subnets,
            "security_groups": [self.ground.security_group],
            "instance_profile": self.ground.instance_profile,
        }
        return declare(**ours | told)

    def make(self, group: ScalingGroup) -> ScalingGroup:
        """The bare group, without anything that belongs to it."""
        data = {"ImageId": self.ground.image, "InstanceType": "t3.micro"}
        self.client("ec2").create_launch_template(LaunchTemplateName=group.name, LaunchTemplateData=data)
        self.client("autoscaling").create_auto_scaling_group(
            AutoScalingGroupName=group.name,
            MinSize=0,
            MaxSize=4,
            DesiredCapacity=0,
            VPCZoneIdentifier=",".join(group.subnets),
            LaunchTemplate={"LaunchTemplateName": group.name, "Version": "1"},
        )
        return group

    def client(self, service: str) -> Any:
        return self.endpoint.client(service)

    def run(self, calls: Sequence[Call]) -> list[str]:
        """Carries them out; what they were."""
        told = names(calls)
        apply(calls, self.clients, lambda _: None, lambda _: None)
        return told


@contextmanager
def lab(*, lifecycle: bool = False) -> Iterator[Lab]:
    """With `lifecycle` hooks hold instances. Nothing is called in it that the lab's cloud does not answer for."""
    with cloud(lifecycle=lifecycle) as endpoint, pytest.MonkeyPatch.context() as patch:
        for name, value in endpoint.environment.items():
            patch.setenv(name, value)
        yield Lab(endpoint, endpoint.cloud.ground(), Clients(endpoint.region, endpoint.url))
        assert ([], []) == (endpoint.uncovered, endpoint.misshapen), (endpoint.uncovered, endpoint.misshapen)
