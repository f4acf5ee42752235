"""A balancer whose members are the instances of a group in the lab's cloud."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from slackwater.lab import LabHost
from slackwater.lab.cloud import Endpoint
from slackwater.lab.metadata import Role, Service
from tests.hosts.balancers.desk import PAGE, agent, places, until
from tests.hosts.converge.running import out
from tests.hosts.releases.site import Site

GROUP = "shop-members"
BAD_DAY, CALM = 240.0, 120.0
"""Seconds for a few bad looks, of which one that hangs takes sixteen, and for the next good one after a grown pause."""


@dataclass
class Behind:
    """`places`: address and port of each instance, which are the app hosts'."""

    site: Site
    sky: Endpoint
    metadata: Service
    places: dict[str, tuple[str, int]]

    @property
    def balancer(self) -> LabHost:
        return self.site.lab.host("balancer-1")

    def source(self) -> dict[str, Any]:
        """What the page says of the group; meanwhile every instance is a member, by the page and by nginx."""
        page = agent(self.balancer)
        assert dict.fromkeys(self.places, False) == {member["name"]: member["left"] for member in page["members"]}
        assert self.places == places(self.balancer)
        (found,) = page["sources"]
        return dict(found)

    def await_looks(self, more: int, limit: float = BAD_DAY) -> float:
        """Seconds that they took."""
        wanted = self.source()["looks"] + more
        return until(lambda: self.source()["looks"] >= wanted, self.source, limit)

    def await_calm(self) -> float:
        self.sky.recover()
        return until(lambda: self.source()["ok"], self.source, CALM)

    def metrics(self) -> set[str]:
        """Of the source: without what they all begin with, and without labels."""
        lines = (line for line in out(self.balancer, f"curl -sS {PAGE}/metrics").splitlines() if f" {GROUP}" in line)
        return {f"{line.partition('{')[0].rpartition('source_')[2]} {line.split()[-1]}" for line in lines}

    def journal(self, since: float) -> str:
        return out(self.balancer, f"journalctl -u slackwater-upstreams --no-pager -o cat --since @{int(since)}")

    def credentials(self) -> int:
        """How often the balancer has asked for those of its role."""
        return sum(path.endswith(f"/iam/security-credentials/{Role().name}") for _, path, _ in self.metadata.asked)


def group(sky: Endpoint, balancer: LabHost, addresses: list[str]) -> dict[str, str]:
    """An instance at each of the addresses, from a version of the template that names it; their addresses."""
    ec2, scaling, ground = sky.client("ec2"), sky.client("autoscaling"), sky.cloud.ground("members")
    range_ = str(balancer.lan.subnet)
    vpc = ec2.create_vpc(CidrBlock=range_)["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock=range_)["Subnet"]["SubnetId"]
    for number, address in enumerate(addresses, 1):
        interface = {"DeviceIndex": 0, "PrivateIpAddress": address}
        data = {"ImageId": ground.image, "InstanceType": "t3.small", "NetworkInterfaces": [interface]}
        if number == 1:
            ec2.create_launch_template(LaunchTemplateName=GROUP, LaunchTemplateData=data)
            scaling.create_auto_scaling_group(
                AutoScalingGroupName=GROUP,
                MinSize=0,
                MaxSize=len(addresses),
                DesiredCapacity=1,
                VPCZoneIdentifier=subnet,
                LaunchTemplate={"LaunchTemplateName": GROUP, "Version": "$Latest"},
            )
        else:
            ec2.create_launch_template_version(LaunchTemplateName=GROUP, LaunchTemplateData=data)
            scaling.set_desired_capacity(AutoScalingGroupName=GROUP, DesiredCapacity=number)
    found = ec2.describe_instances()["Reservations"]
    return {one["InstanceId"]: one["PrivateIpAddress"] for each in found for one in each["Instances"]}
