"""A cloud for each file of tests, and a ground that groups stand on."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from slackwater.lab.cloud import Clock, Endpoint, Ground, cloud

Make = Callable[..., None]


@pytest.fixture(scope="module")
def endpoint() -> Iterator[Endpoint]:
    """Its clock stands still: nothing happens that a test did not ask for."""
    with cloud(clock=lambda: 0.0) as running:
        yield running
        assert ([], []) == (running.uncovered, running.misshapen)


@pytest.fixture(scope="module")
def ground(endpoint: Endpoint) -> Ground:
    return endpoint.cloud.ground()


@pytest.fixture(scope="module")
def asg(endpoint: Endpoint) -> Any:
    return endpoint.client("autoscaling")


@pytest.fixture(scope="module")
def ec2(endpoint: Endpoint) -> Any:
    return endpoint.client("ec2")


def template_data(ground: Ground, script: str = "#cloud-config") -> dict[str, Any]:
    return {
        "ImageId": ground.image,
        "InstanceType": "t3.micro",
        "UserData": base64.b64encode(script.encode()).decode(),
        "SecurityGroupIds": [ground.security_group],
        "IamInstanceProfile": {"Name": ground.instance_profile},
        "MetadataOptions": {"HttpTokens": "required", "HttpPutResponseHopLimit": 1},
    }


def group_arguments(ground: Ground, name: str, **more: Any) -> dict[str, Any]:
    """Of the template `web`, which the fixture of that name makes."""
    return {
        "AutoScalingGroupName": name,
        "MinSize": 0,
        "MaxSize": 5,
        "VPCZoneIdentifier": ",".join(ground.subnets),
        "LaunchTemplate": {"LaunchTemplateName": "web", "Version": "1"},
    } | more


@pytest.fixture(scope="module")
def web(ec2: Any, ground: Ground) -> str:
    """A launch template of three versions; its name."""
    ec2.create_launch_template(LaunchTemplateName="web", LaunchTemplateData=template_data(ground))
    for script in ("#two", "#three"):
        data = template_data(ground, script)
        ec2.create_launch_template_version(LaunchTemplateName="web", LaunchTemplateData=data)
    return "web"


@pytest.fixture
def make(asg: Any, ground: Ground, web: str) -> Make:
    """Makes a group of the first version."""

    def made(name: str, **more: Any) -> None:
        asg.create_auto_scaling_group(**group_arguments(ground, name, **more))

    return made


@pytest.fixture
def described(asg: Any) -> Callable[[str], Any]:
    return lambda name: asg.describe_auto_scaling_groups(AutoScalingGroupNames=[name])["AutoScalingGroups"][0]


@pytest.fixture
def fleet() -> Iterator[Any]:
    """A `Fleet` of its own for each test: hooks hold its instances, and its clock stands still until it is turned."""
    from tests.lab.cloud.fleet import Fleet  # it needs the functions above

    with cloud(lifecycle=True, clock=Clock()) as endpoint:
        yield Fleet(endpoint)
        assert ([], []) == (endpoint.uncovered, endpoint.misshapen)
