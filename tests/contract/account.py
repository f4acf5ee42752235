"""An account of AWS: the lab's, whose clock is turned, or a real one, where time passes by itself."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, TypeVar
from uuid import uuid4

import boto3
from botocore.exceptions import ClientError

from slackwater.aws.clients import Clients
from slackwater.lab.cloud import Endpoint
from slackwater.lab.cloud.levers import TRUST

T = TypeVar("T")
LINUX = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64"
KIND = "t3.nano"
LIMIT = 900.0
"""Seconds until something must have happened; a launch that is abandoned is tried again after minutes."""
STEP = 10.0
"""Seconds between two looks."""
IAM_TAKES = 20.0
"""Seconds until EC2 knows of a new instance profile."""


@dataclass
class Account(ABC):
    """Everything that is made in it begins with `prefix`, is tagged with it, and goes in `clean`."""

    prefix: str = field(default_factory=lambda: f"slackwater-contract-{uuid4().hex[:8]}")

    @abstractmethod
    def client(self, service: str) -> Any: ...

    @abstractmethod
    def pass_time(self, seconds: float) -> None: ...

    @property
    @abstractmethod
    def image(self) -> str: ...

    @property
    @abstractmethod
    def clients(self) -> Clients: ...

    @property
    def subnets(self) -> list[str]:
        """Two of the default network."""
        found = self.client("ec2").describe_subnets(Filters=[{"Name": "default-for-az", "Values": ["true"]}])["Subnets"]
        return sorted(each["SubnetId"] for each in found)[:2]

    @property
    def security_group(self) -> str:
        asked = [{"Name": "group-name", "Values": ["default"]}]
        return str(self.client("ec2").describe_security_groups(Filters=asked)["SecurityGroups"][0]["GroupId"])

    def until(self, look: Callable[[], T]) -> T:
        """What it gives as soon as that is something."""
        for _ in range(int(LIMIT / STEP)):
            if found := look():
                return found
            self.pass_time(STEP)
        raise AssertionError(f"not within {LIMIT:g} s: {look()!r}")

    def instance_profile(self) -> str:
        """With a role that may nothing."""
        iam, name = self.client("iam"), self.prefix
        with suppress(iam.exceptions.EntityAlreadyExistsException):
            iam.create_role(RoleName=name, AssumeRolePolicyDocument=TRUST)
            iam.create_instance_profile(InstanceProfileName=name)
            iam.add_role_to_instance_profile(InstanceProfileName=name, RoleName=name)
            self.pass_time(IAM_TAKES)
        return name

    def clean(self) -> None:
        """Whatever bears the prefix, also what a test that failed has left."""
        scaling, ec2 = self.client("autoscaling"), self.client("ec2")
        for name in self._groups():
            scaling.delete_auto_scaling_group(AutoScalingGroupName=name, ForceDelete=True)
        self.until(lambda: not self._groups())
        self._clean_alarms()
        pages = ec2.get_paginator("describe_launch_templates").paginate()
        for template in [each for page in pages for each in page["LaunchTemplates"]]:
            if template["LaunchTemplateName"].startswith(self.prefix):
                ec2.delete_launch_template(LaunchTemplateId=template["LaunchTemplateId"])
        self._clean_profile()

    def _groups(self) -> list[str]:
        pages = self.client("autoscaling").get_paginator("describe_auto_scaling_groups").paginate()
        names = [each["AutoScalingGroupName"] for page in pages for each in page["AutoScalingGroups"]]
        return [name for name in names if name.startswith(self.prefix)]

    def _clean_alarms(self) -> None:
        cloudwatch = self.client("cloudwatch")
        pages = cloudwatch.get_paginator("describe_alarms").paginate()
        names = [each["AlarmName"] for page in pages for each in page["MetricAlarms"]]
        if ours := [name for name in names if self.prefix in name]:
            cloudwatch.delete_alarms(AlarmNames=ours)

    def _clean_profile(self) -> None:
        iam, name = self.client("iam"), self.prefix
        with suppress(ClientError):
            iam.remove_role_from_instance_profile(InstanceProfileName=name, RoleName=name)
            iam.delete_instance_profile(InstanceProfileName=name)
            iam.delete_role(RoleName=name)


@dataclass
class OfTheLab(Account):
    """Its clock is turned."""

    endpoint: Endpoint = field(kw_only=True)

    def __post_init__(self) -> None:
        self._image = self.endpoint.cloud.ground(self.prefix[:30]).image

    def client(self, service: str) -> Any:
        return self.endpoint.client(service)

    def pass_time(self, seconds: float) -> None:
        self.endpoint.cloud.turn(seconds)

    @property
    def image(self) -> str:
        return self._image

    @property
    def clients(self) -> Clients:
        return Clients(self.endpoint.region, self.endpoint.url)


@dataclass
class OfAws(Account):
    """A real one, by boto3's own credentials and region."""

    session: Any = field(default_factory=boto3.Session)

    def client(self, service: str) -> Any:
        return self.session.client(service)

    def pass_time(self, seconds: float) -> None:
        time.sleep(seconds)

    @property
    def image(self) -> str:
        return str(self.client("ssm").get_parameter(Name=LINUX)["Parameter"]["Value"])

    @property
    def clients(self) -> Clients:
        return Clients(self.session.region_name)
