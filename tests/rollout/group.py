"""An Auto Scaling group in the lab's cloud whose instances are hosts of a site: an inventory over HTTP."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from slackwater.lab.cloud import Endpoint, Ground

from .machine import Machine, until
from .site import Site

HOOK = "arrive"
INVENTORY = """
from slackwater.inventory import scaling_group_hosts as _hosts_of

_places = {places!r}
_found = _hosts_of({name!r}, environment="prod", region={region!r}, endpoint={url!r})["app"]
app = app + [(_name, _places[_name]) for _name, _ in _found]
"""


@dataclass(frozen=True)
class Group:
    """Its launch hook holds each instance until a test says that it has answered."""

    cloud: Endpoint
    name: str

    @classmethod
    def make(cls, cloud: Endpoint, ground: Ground, name: str) -> Group:
        """Of one instance, on its way."""
        data = {"ImageId": ground.image, "InstanceType": "t3.small"}
        cloud.client("ec2").create_launch_template(LaunchTemplateName=name, LaunchTemplateData=data)
        hook = {"LifecycleHookName": HOOK, "LifecycleTransition": "autoscaling:EC2_INSTANCE_LAUNCHING"}
        cloud.client("autoscaling").create_auto_scaling_group(
            AutoScalingGroupName=name,
            MinSize=0,
            MaxSize=2,
            DesiredCapacity=1,
            VPCZoneIdentifier=ground.subnets[0],
            LaunchTemplate={"LaunchTemplateName": name, "Version": "1"},
            LifecycleHookSpecificationList=[{**hook, "HeartbeatTimeout": 600, "DefaultResult": "ABANDON"}],
        )
        made = cls(cloud, name)
        until(lambda: ["Pending:Wait"] == list(made.states().values()), lambda: str(made.states()))
        return made

    @property
    def asg(self) -> Any:
        return self.cloud.client("autoscaling")

    def states(self) -> dict[str, str]:
        (found,) = self.asg.describe_auto_scaling_groups(AutoScalingGroupNames=[self.name])["AutoScalingGroups"]
        return {each["InstanceId"]: each["LifecycleState"] for each in found["Instances"]}

    def stand_for(self, site: Site, *hosts: Machine) -> list[str]:
        """The inventory: app-1, app-2, the balancer, and whoever is in service; each host is an instance. Their ids."""
        found = sorted(self.states())
        places = {name: host.data() for name, host in zip(found, hosts, strict=True)}
        told = INVENTORY.format(places=places, name=self.name, region=self.cloud.region, url=self.cloud.url)
        site.declare("app-1", "app-2", groups=told)
        return found

    def answer(self, instance: str, result: str = "CONTINUE") -> None:
        """The instance's own word, whatever it serves."""
        self.asg.complete_lifecycle_action(
            AutoScalingGroupName=self.name,
            LifecycleHookName=HOOK,
            InstanceId=instance,
            LifecycleActionResult=result,
        )

    def delete(self) -> None:
        self.asg.delete_auto_scaling_group(AutoScalingGroupName=self.name, ForceDelete=True)
        self.cloud.client("ec2").delete_launch_template(LaunchTemplateName=self.name)
