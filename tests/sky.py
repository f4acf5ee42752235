"""The lab's cloud as a client of it meets it: groups of any size, members in any state, and bad days."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from slackwater.lab.cloud import Endpoint, cloud
from slackwater.lab.cloud.endpoint import REGION

__all__ = ["REGION", "Sky", "sky"]
ALWAYS = 10**6


class Sky:
    """`asked` counts the requests that came."""

    def __init__(self, endpoint: Endpoint) -> None:
        self.endpoint, self.url, self.client = endpoint, endpoint.url, endpoint.client
        self._subnets: tuple[str, ...] = ()

    @property
    def asked(self) -> int:
        return len(self.endpoint.calls)

    def group(self, name: str, size: int) -> list[str]:
        """Its instances, in service. One that bore the name before is gone."""
        scaling = self.client("autoscaling")
        if scaling.describe_auto_scaling_groups(AutoScalingGroupNames=[name])["AutoScalingGroups"]:
            scaling.delete_auto_scaling_group(AutoScalingGroupName=name, ForceDelete=True)
        scaling.create_auto_scaling_group(
            AutoScalingGroupName=name,
            MinSize=0,
            MaxSize=200,
            DesiredCapacity=size,
            VPCZoneIdentifier=",".join(self._ground()),
            LaunchTemplate={"LaunchTemplateName": "sky", "Version": "1"},
        )
        found = scaling.describe_auto_scaling_groups(AutoScalingGroupNames=[name])["AutoScalingGroups"][0]
        return [instance["InstanceId"] for instance in found["Instances"]]

    def put_in(self, state: str, *instances: str) -> None:
        """In the words of the lifecycle."""
        for instance in instances:
            self.endpoint.cloud.put_in(instance, state)

    def _ground(self) -> tuple[str, ...]:
        if not self._subnets:
            ground = self.endpoint.cloud.ground()
            self._subnets = ground.subnets
            data = {"ImageId": ground.image, "InstanceType": "t3.micro"}
            self.client("ec2").create_launch_template(LaunchTemplateName="sky", LaunchTemplateData=data)
        return self._subnets


@contextmanager
def sky() -> Iterator[Sky]:
    """Its clock stands still; nothing is called that it does not answer for."""
    with cloud(clock=lambda: 0.0) as endpoint:
        yield Sky(endpoint)
        assert ([], []) == (endpoint.uncovered, endpoint.misshapen), (endpoint.uncovered, endpoint.misshapen)
