"""Two worker hosts as the instances of a scaling group in a cloud of the lab's own."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from slackwater.lab.cloud import Endpoint
from tests.hosts.balancers.desk import until
from tests.hosts.drain.bench import HOOK, HOOK_TIMEOUT, LIMIT, hook
from tests.hosts.drain.standing import Standing
from tests.hosts.workers.conftest import Works

GROUP = "works"
LEAVER = "worker-2"


@dataclass
class Group:
    """`LEAVER` is the host that comes and goes; from the other one tasks are sent and counted."""

    site: Works
    endpoint: Endpoint
    machines: Standing

    def __post_init__(self) -> None:
        self.asg = self.endpoint.client("autoscaling")
        ground = self.endpoint.cloud.ground(GROUP)
        data = {
            "ImageId": ground.image, "InstanceType": "t3.micro",
            "IamInstanceProfile": {"Name": ground.instance_profile}, "MetadataOptions": {"HttpTokens": "required"},
        }  # fmt: skip
        self.endpoint.client("ec2").create_launch_template(LaunchTemplateName=GROUP, LaunchTemplateData=data)
        self.asg.create_auto_scaling_group(
            AutoScalingGroupName=GROUP, MinSize=0, MaxSize=2, DesiredCapacity=2,
            VPCZoneIdentifier=",".join(ground.subnets), LifecycleHookSpecificationList=[hook(HOOK_TIMEOUT)],
            LaunchTemplate={"LaunchTemplateName": GROUP, "Version": "1"},
        )  # fmt: skip

    def furnish(self) -> None:
        """What user-data would have told the instances."""
        told = {
            "group": GROUP, "region": self.endpoint.region, "endpoint": self.endpoint.url, "terminate_hook": HOOK,
            "terminate_heartbeat": HOOK_TIMEOUT,
        }  # fmt: skip
        until(self._are_in_service, self._errors, LIMIT)
        for name in self.site.hosts():
            self.site.on(name, f"echo '{json.dumps(told)}' > /etc/slackwater/instance.json")
            self.site.on(name, "systemctl restart slackwater-drain.service")

    def scale_in(self) -> str:
        """Returns when the instance is gone."""
        leaver = self.machines.instance(LEAVER)
        self.asg.terminate_instance_in_auto_scaling_group(InstanceId=leaver, ShouldDecrementDesiredCapacity=True)
        until(lambda: "Terminated" in self.path(leaver), lambda: self.path(leaver), LIMIT)
        return leaver

    def leave(self) -> dict[str, Any]:
        """How the leaver's own agent says that it stands; empty while the host does not answer."""
        done = self.site.lab.host(LEAVER).ssh("slackwater-drain status --json")
        return dict(json.loads(done.stdout)) if done.returncode == 0 else {}

    def path(self, instance: str) -> list[str]:
        """Every lifecycle state that it has had."""
        return [state for who, state in self.endpoint.cloud.states if who == instance]

    def ended_waits(self, instance: str) -> list[tuple[str, str]]:
        """What its group has gone by, and why: only words that were taken, and timeouts."""
        return [(result, why) for who, result, why in self.endpoint.cloud.ended_waits if who == instance]

    def scale_out(self) -> None:
        """The next instance is the same host, which has its release on its disk, as one from an image has."""
        until(self.machines.has_room, self._errors, LIMIT)
        self.asg.set_desired_capacity(AutoScalingGroupName=GROUP, DesiredCapacity=2)
        until(self._are_in_service, self._errors, LIMIT)
        until(lambda: self.site.units(LEAVER) != [], "its workers", LIMIT)

    def published(self, metric: str) -> list[float]:
        """The largest value of each of the last minutes, as CloudWatch has it of the group."""
        dimensions = [{"Name": "AutoScalingGroupName", "Value": GROUP}]
        named = {"Namespace": "Slackwater", "MetricName": metric, "Dimensions": dimensions}
        now = datetime.now(UTC)
        found = self.endpoint.client("cloudwatch").get_metric_data(
            MetricDataQueries=[{"Id": "q", "MetricStat": {"Metric": named, "Period": 60, "Stat": "Maximum"}}],
            StartTime=now - timedelta(minutes=10),
            EndTime=now + timedelta(minutes=1),
        )
        return [float(value) for value in found["MetricDataResults"][0]["Values"]]

    def _are_in_service(self) -> bool:
        found = self.asg.describe_auto_scaling_groups(AutoScalingGroupNames=[GROUP])["AutoScalingGroups"][0]
        return [each["LifecycleState"] for each in found["Instances"]] == ["InService", "InService"]

    def _errors(self) -> list[str]:
        return [str(order.exception()) for order in self.machines.orders if order.done() and order.exception()]
