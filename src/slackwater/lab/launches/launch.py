"""An instance of a group with a launch hook, from its first power-on to what the group was told."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from slackwater.aws.compressed import compressed
from slackwater.aws.user_data import UNIT, user_data
from slackwater.bundle import Bundle
from slackwater.errors import LabError
from slackwater.lab.cloud import Endpoint, Ground
from slackwater.lab.host import LabHost
from slackwater.lab.launches.cloud_image import make, tell
from slackwater.lab.launches.project import Project
from slackwater.lab.launches.relay import relay
from slackwater.lab.launches.words import out
from slackwater.lab.metadata import Instance, Service, in_lab, serving
from slackwater.settings import Hooks, Image, LaunchHook, ScalingGroup

HEARTBEAT = 60
"""Seconds without a word after which the group gives a launch up."""
LIMIT = 900
"""Seconds from power-on to the group's answer, on a machine that others load as well."""
REPORT_LIMIT = 30.0
"""Seconds: an instance gives its store ten."""


@dataclass
class Launched:
    """`service` says what the instance asked of its metadata."""

    host: LabHost
    instance: str
    cloud: Endpoint
    service: Service
    project: Project
    began: float = 0.0

    def power_on(self) -> None:
        self.began = time.time()
        self.host.start()

    def state(self) -> str:
        found = self.cloud.client("autoscaling").describe_auto_scaling_instances(InstanceIds=[self.instance])
        states = [each["LifecycleState"] for each in found["AutoScalingInstances"]]
        return states[0] if states else "gone"

    def wait(self, *states: str) -> str:
        """The first of them that it reaches. LabError, with its journal, when that takes too long."""
        deadline = time.monotonic() + LIMIT
        while (found := self.state()) not in states:
            if time.monotonic() > deadline:
                raise LabError(f"{self.instance} is {found} after {LIMIT} s\n{self.journal()}")
            time.sleep(0.2)
        return found

    def journal(self) -> str:
        return self.host.ssh(f"journalctl -b --no-pager -o short-precise -u {UNIT} | tail -n 80").stdout

    def seconds(self) -> dict[str, float]:
        """From power-on: by step, as the journal and the instance's own report have it."""
        first = first_line(self.host)
        unit = out(self.host, f"journalctl -b --no-pager -o short-unix -u {UNIT} | grep -m 1 Started")
        boot, started = first - self.began, float(unit.split()[0]) - first
        return {"boot": round(boot, 1), "cloud-init": round(started, 1), **self.report()["seconds"]}

    def report(self) -> dict[str, Any]:
        """What it left in the store, a moment after the group has heard of it. LabError when it leaves none."""
        deadline = time.monotonic() + REPORT_LIMIT
        while not (found := self.project.arrival(self.instance)):
            if time.monotonic() > deadline:
                raise LabError(f"{self.instance} left no report\n{self.journal()}")
            time.sleep(0.2)
        return found


def first_line(host: LabHost) -> float:
    """When systemd of the present boot wrote its first line, in seconds since 1970."""
    return float(out(host, "journalctl -b --no-pager -o short-unix | head -n 1").split()[0])


@contextmanager
def launched(
    host: LabHost,
    cloud: Endpoint,
    ground: Ground,
    project: Project,
    bundle: Bundle,
    *,
    variables: dict[str, str] | None = None,
    deadline: int = 800,
    told: dict[str, str] | None = None,
) -> Iterator[Launched]:
    """The group has asked for an instance, the host is off, and its metadata are there.

    A host that is off has an image on its disk already; one that is on is made a distribution's.
    """
    with relay(host.lan.machine_side, place(cloud.url)) as endpoint:
        if host.power.is_on():
            make(host)
        tell(host, variables or {})
        group = _group(ground, f"shop-{time.time_ns()}", deadline)
        own = {"bundle_url": f"{project.store}/{bundle.key}", "bundle_sha256": bundle.sha256, "store": project.store}
        text = user_data(group, environment="prod", endpoint=endpoint, **own | (told or {}))
        name = _ask_for_one(cloud, ground, group)
        me = Instance(name, host.address, user_data=compressed(text), target="InService")
        with serving(in_lab(host.lan), {host.address: me}.get) as service:
            yield Launched(host, name, cloud, service, project)
        _give_back(cloud, group)


def _group(ground: Ground, name: str, deadline: int) -> ScalingGroup:
    return ScalingGroup(
        name=name,
        region="eu-central-1",
        image=Image.id(ground.image),
        instance_types=("t3.small",),
        subnets=ground.subnets,
        security_groups=(ground.security_group,),
        instance_profile=ground.instance_profile,
        hooks=Hooks(launch=LaunchHook(heartbeat=HEARTBEAT, deadline=deadline), terminate=None),
    )


def _ask_for_one(cloud: Endpoint, ground: Ground, group: ScalingGroup) -> str:
    """As `slackwater apply` would make the group; the instance's id."""
    data = {"ImageId": ground.image, "InstanceType": "t3.small"}
    cloud.client("ec2").create_launch_template(LaunchTemplateName=group.name, LaunchTemplateData=data)
    scaling, hook = cloud.client("autoscaling"), group.hooks.launch or LaunchHook()
    scaling.create_auto_scaling_group(
        AutoScalingGroupName=group.name,
        MinSize=0,
        MaxSize=1,
        DesiredCapacity=1,
        VPCZoneIdentifier=ground.subnets[0],
        LaunchTemplate={"LaunchTemplateName": group.name, "Version": "1"},
        LifecycleHookSpecificationList=[
            {
                "LifecycleHookName": hook.name,
                "LifecycleTransition": "autoscaling:EC2_INSTANCE_LAUNCHING",
                "HeartbeatTimeout": hook.heartbeat,
                "DefaultResult": hook.default,
            }
        ],
    )
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        (found,) = scaling.describe_auto_scaling_groups(AutoScalingGroupNames=[group.name])["AutoScalingGroups"]
        if found["Instances"]:
            return str(found["Instances"][0]["InstanceId"])
        time.sleep(0.1)
    raise LabError(f"the group asks for no instance: {json.dumps(found, default=str)}")


def _give_back(cloud: Endpoint, group: ScalingGroup) -> None:
    cloud.client("autoscaling").delete_auto_scaling_group(AutoScalingGroupName=group.name, ForceDelete=True)


def place(url: str) -> tuple[str, int]:
    """Where a server listens."""
    parts = urlsplit(url)
    return str(parts.hostname), int(parts.port or 80)
