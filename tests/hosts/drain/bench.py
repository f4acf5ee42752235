"""The fleet that the matrix is tried on: two app hosts that are instances of a group, behind a balancer."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from slackwater.lab import LabHost, load
from slackwater.lab.cloud import Endpoint
from tests.hosts.balancers.desk import settled, until
from tests.hosts.converge.running import LONG, out, url
from tests.hosts.drain.standing import LAST, Standing
from tests.hosts.drain.watching import Watch
from tests.hosts.releases.site import Site

GROUP, HOOK, TARGETS = "matrix", "slackwater-terminate", "web"
HOOK_TIMEOUT = 90
HOLD, DELAY = 8, 25
"""Seconds: how long a load balancer of AWS may still send, and how long its target group drains a target."""
LONGEST = 20 if LONG else 5
"""Seconds that the longest requests take; a WebSocket is let stay for five more."""
SETTINGS = f"""
drain = Drain(deadline=150, requests={LONGEST + 5}, hooks=10)
server = Server(graceful_timeout=8)
"""
SLOW = """set -eu
printf '#!/bin/sh\\nsleep 2\\n' > /etc/slackwater/drain.d/10-slow
chmod 755 /etc/slackwater/drain.d/10-slow
mkdir -p /etc/systemd/system/slackwater-shop@.service.d
printf '[Service]\\nExecStopPost=/bin/sleep 2\\n' > /etc/systemd/system/slackwater-shop@.service.d/90-slow.conf
systemctl daemon-reload
systemctl restart slackwater-drain.service
"""
"""Stop and hooks take two seconds each: every step is seen, however busy the machine is."""
LIMIT = 240.0
"""Seconds for what takes ten or twenty on a machine that is not busy."""
UNITS = "systemctl list-units --plain --no-legend --state=active 'slackwater-shop@*.service' | awk '{print $1}'"


@dataclass
class Bench:
    """One fleet; `name` is the host that leaves next, `other` the one that stays."""

    site: Site
    endpoint: Endpoint
    machines: Standing
    name: str = "app-1"
    slow: list[load.Running] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.asg, self.elb = self.endpoint.client("autoscaling"), self.endpoint.client("elbv2")
        self.ground = self.endpoint.cloud.ground(GROUP)
        self.arn = self._target_group()
        self._group()

    @property
    def host(self) -> LabHost:
        return self.site.lab.host(self.name)

    @property
    def balancer(self) -> LabHost:
        return self.site.lab.host("balancer-1")

    @property
    def instance(self) -> str:
        return self.machines.instance(self.name)

    def on(self, command: str) -> str:
        return out(self.host, command)

    def said(self) -> dict[str, Any]:
        """What the agent says of itself; empty while the host does not answer."""
        done = self.host.ssh("slackwater-drain status --json")
        return dict(json.loads(done.stdout)) if done.stdout.startswith("{") else {}

    def furnish(self) -> None:
        """What user-data would have told the instances, and a hook that takes its time."""
        told = {
            "group": GROUP, "region": self.endpoint.region, "endpoint": self.endpoint.url, "terminate_hook": HOOK,
            "terminate_heartbeat": HOOK_TIMEOUT, "target_groups": [TARGETS], "hold": HOLD,
        }  # fmt: skip
        until(self._all_in_service, self._errors, LIMIT)
        for name in self.site.hosts():
            self.site.on(name, f"echo '{json.dumps(told)}' > /etc/slackwater/instance.json")
            self.site.on(name, SLOW)

    def scale_in(self) -> None:
        asked = {"InstanceId": self.instance, "ShouldDecrementDesiredCapacity": True}
        self.asg.terminate_instance_in_auto_scaling_group(**asked)

    def scaled(self, size: int) -> list[str]:
        """Asks the group for that many; who leaves because of it."""
        before = set(self.leaving())
        self.asg.set_desired_capacity(AutoScalingGroupName=GROUP, DesiredCapacity=size)
        return [instance for instance in self.leaving() if instance not in before]

    def leaving(self) -> list[str]:
        return [each["InstanceId"] for each in self._instances() if each["LifecycleState"].startswith("Terminating")]

    def launched(self) -> set[str]:
        """Every instance that the group has ever had."""
        return {instance for instance, _ in self.endpoint.cloud.states}

    def path(self, instance: str) -> list[str]:
        """Every lifecycle state that it has had."""
        return [state for who, state in self.endpoint.cloud.states if who == instance]

    def words(self, instance: str) -> list[str]:
        """The last words that the group was told for it, refused ones too."""
        calls = [call for call in self.endpoint.lifecycle_calls if call[0] == "CompleteLifecycleAction"]
        return [told["LifecycleActionResult"] for _, told in calls if told.get("InstanceId") == instance]

    def ended_waits(self, instance: str) -> list[tuple[str, str]]:
        """What its group has gone by, and why: only words that were taken, and timeouts."""
        return [(result, why) for who, result, why in self.endpoint.cloud.ended_waits if who == instance]

    def gone(self, instance: str) -> None:
        until(lambda: "Terminated" in self.path(instance), lambda: (self.path(instance), self.said()), LIMIT)

    def serving(self) -> None:
        """Two instances in service, the agent that left serving, its app running, the balancer sending to both."""
        until(lambda: self.machines.has_room() or len(self._members()) == 2, self._errors, LIMIT)
        self.asg.set_desired_capacity(AutoScalingGroupName=GROUP, DesiredCapacity=2)
        until(self._all_in_service, lambda: (self.endpoint.cloud.states[-6:], self._errors()), LIMIT)
        until(lambda: self.said().get("state") == "serving", self.said, LIMIT)
        until(lambda: bool(self.host.ssh(UNITS).stdout.strip()), "the app to run", LIMIT)
        settled(self.balancer, dict.fromkeys(self.site.hosts(), "up"), LIMIT)

    def left_behind(self) -> dict[str, Any]:
        """The leave as the instance before wrote it, read from the disk of the one that came after."""
        said = self.host.ssh(f"cat {LAST}").stdout
        return dict(json.loads(said)) if said.startswith("{") else {}

    def people_wait(self, number: int, milliseconds: int) -> None:
        """So many requests at the leaving host itself, each of which takes so long; see `waited`."""
        wanted = load.Load(
            url(self.site.lab, self.name, 8000), rate=number, seconds=1.0, long=1.0, long_ms=milliseconds, keepalive=0
        )
        people = load.Running(wanted)
        self.slow.append(people)
        until(lambda: sum(people.result.sent.values()) >= number, "the slow requests to be sent")
        time.sleep(0.5)

    def waited(self) -> list[dict[str, object]]:
        """What became of them."""
        found = [people.stop().summary() for people in self.slow]
        self.slow.clear()
        return found

    @contextmanager
    def behind_a_load_balancer(self) -> Iterator[None]:
        """The group's target group is used, so that it drains whoever leaves; both are in it before and after."""
        made = self.elb.create_load_balancer(Name=GROUP, Subnets=list(self.ground.subnets), Type="application")
        arn = made["LoadBalancers"][0]["LoadBalancerArn"]
        action = {"Type": "forward", "TargetGroupArn": self.arn}
        listener = self.elb.create_listener(LoadBalancerArn=arn, Protocol="HTTP", Port=80, DefaultActions=[action])
        until(lambda: self.targets().count("healthy") == 2, self.targets, LIMIT)
        try:
            yield
            until(lambda: self.targets().count("healthy") == 2, self.targets, LIMIT)
        finally:
            self.endpoint.recover()
            self.elb.delete_listener(ListenerArn=listener["Listeners"][0]["ListenerArn"])
            self.elb.delete_load_balancer(LoadBalancerArn=arn)

    def targets(self) -> list[str]:
        found = self.elb.describe_target_health(TargetGroupArn=self.arn)["TargetHealthDescriptions"]
        return sorted(each["TargetHealth"]["State"] for each in found)

    def fail_for(self, seconds: float, service: str, code: str) -> None:
        """Every call of the service is refused, from now on and for so long."""
        self.endpoint.fail(service, "*", code, times=1_000_000, status=400)
        timer = threading.Timer(seconds, self.endpoint.recover)
        timer.daemon = True
        timer.start()

    def watch(self, at: str, here: str, there: Any) -> Watch:
        return Watch(self.host, at, here, there)

    def _all_in_service(self) -> bool:
        return self._members() == ["InService", "InService"]

    def _members(self) -> list[str]:
        return [each["LifecycleState"] for each in self._instances()]

    def _instances(self) -> list[dict[str, Any]]:
        found = self.asg.describe_auto_scaling_groups(AutoScalingGroupNames=[GROUP])["AutoScalingGroups"][0]
        return list(found["Instances"])

    def _errors(self) -> list[str]:
        return [str(order.exception()) for order in self.machines.orders if order.done() and order.exception()]

    def _target_group(self) -> str:
        asked = {"Name": TARGETS, "Protocol": "HTTP", "Port": 8000, "VpcId": self.ground.vpc}
        health = {"HealthCheckPath": "/health", "HealthCheckIntervalSeconds": 5, "HealthCheckTimeoutSeconds": 4}
        arn = str(self.elb.create_target_group(**asked, **health)["TargetGroups"][0]["TargetGroupArn"])
        delay = [{"Key": "deregistration_delay.timeout_seconds", "Value": str(DELAY)}]
        self.elb.modify_target_group_attributes(TargetGroupArn=arn, Attributes=delay)
        return arn

    def _group(self) -> None:
        data = {
            "ImageId": self.ground.image, "InstanceType": "t3.micro",
            "IamInstanceProfile": {"Name": self.ground.instance_profile}, "MetadataOptions": {"HttpTokens": "required"},
        }  # fmt: skip
        self.endpoint.client("ec2").create_launch_template(LaunchTemplateName=GROUP, LaunchTemplateData=data)
        self.asg.create_auto_scaling_group(
            AutoScalingGroupName=GROUP, MinSize=0, MaxSize=2, DesiredCapacity=2, TargetGroupARNs=[self.arn],
            VPCZoneIdentifier=",".join(self.ground.subnets), LifecycleHookSpecificationList=[hook(HOOK_TIMEOUT)],
            LaunchTemplate={"LaunchTemplateName": GROUP, "Version": "1"},
        )  # fmt: skip

    def hook_lasts(self, seconds: int) -> None:
        self.asg.put_lifecycle_hook(AutoScalingGroupName=GROUP, **hook(seconds))


def hook(seconds: int) -> dict[str, Any]:
    way = "autoscaling:EC2_INSTANCE_TERMINATING"
    return {
        "LifecycleHookName": HOOK, "LifecycleTransition": way, "HeartbeatTimeout": seconds, "DefaultResult": "CONTINUE"
    }  # fmt: skip
