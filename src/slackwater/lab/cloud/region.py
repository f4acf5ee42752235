"""One region of the lab's cloud: its own services, with moto behind them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from slackwater.lab.cloud.images import Images
from slackwater.lab.cloud.instances import Instances
from slackwater.lab.cloud.listeners import Listeners
from slackwater.lab.cloud.machines import Machines, Paper
from slackwater.lab.cloud.machines.registry import Registry
from slackwater.lab.cloud.moto import Moto
from slackwater.lab.cloud.probes import Probes
from slackwater.lab.cloud.scaling.activities import Activities
from slackwater.lab.cloud.scaling.books import Books
from slackwater.lab.cloud.scaling.checks import Checks
from slackwater.lab.cloud.scaling.engine import Engine
from slackwater.lab.cloud.scaling.firing import Firing
from slackwater.lab.cloud.scaling.groups import Groups
from slackwater.lab.cloud.scaling.hooks import Hooks
from slackwater.lab.cloud.scaling.launcher import Launcher
from slackwater.lab.cloud.scaling.members import Members
from slackwater.lab.cloud.scaling.messages import Mail
from slackwater.lab.cloud.scaling.notifications import Notifications
from slackwater.lab.cloud.scaling.policies import Policies
from slackwater.lab.cloud.scaling.processes import Processes
from slackwater.lab.cloud.scaling.refreshes import Refreshes
from slackwater.lab.cloud.scaling.schedules import Schedules
from slackwater.lab.cloud.scaling.tags import Tags
from slackwater.lab.cloud.scaling.traffic import Traffic
from slackwater.lab.cloud.scaling.warm_pools import WarmPools
from slackwater.lab.cloud.scaling.watch import Watch
from slackwater.lab.cloud.spot import Spot
from slackwater.lab.cloud.tags import ResourceTags
from slackwater.lab.cloud.targets import Targets
from slackwater.lab.cloud.templates import Templates
from slackwater.lab.cloud.times import Times
from slackwater.lab.cloud.wire.answer import Answer
from slackwater.lab.cloud.wire.called import Called
from slackwater.lab.cloud.wire.service import Service


class Region:
    """Built as one piece: each part is handed what it needs of the others."""

    def __init__(
        self,
        moto: Moto,
        name: str,
        *,
        lifecycle: bool,
        clock: Callable[[], float],
        shortest: int,
        machines: Machines | None = None,
    ) -> None:
        self.name, self.account = name, moto.account
        ec2, ssm, elbv2, cloudwatch = (_client(moto, each, name) for each in ("ec2", "ssm", "elbv2", "cloudwatch"))
        self.books = Books(moto.account, name)
        self.templates, self.targets = Templates(moto.account), Targets(elbv2, clock, lifecycle=lifecycle)
        self.registry = Registry(moto, name, machines or Paper())
        launcher = Launcher(self.templates, self.registry, ec2, ssm)
        self.engine = Engine(self.books, launcher, self.targets, lifecycle=lifecycle, clock=clock)
        self.engine.messages = mail = Mail(moto.account, partial(moto.client, region=name))
        checks, hooks = Checks(launcher, ec2, elbv2), Hooks(self.books, self.engine, mail, shortest)
        traffic, self.activities = Traffic(self.books, self.engine, checks), Activities(self.books)
        groups = Groups(self.books, self.engine, checks, (hooks, traffic))
        policies, firing = Policies(self.books, cloudwatch), Firing(self.books, self.engine)
        self.times = Times(clock)
        self.targets.are_asked = self.registry.machines.can_be_asked
        self.probes = Probes(self.targets, self.registry.address_of, clock) if self.targets.are_asked else None
        self.watch = Watch(cloudwatch, firing, mail, self.times)
        instances = Instances(ec2, self.engine, self.targets)
        self.spot = Spot(instances, self.engine, mail, self.times)
        groups.forgetters = [policies.forget, self.activities.keep]
        self.images = Images(ec2, name)
        self.refreshes = Refreshes(self.books, self.engine, checks, cloudwatch)
        parts = (hooks, traffic, self.activities, policies, firing, self.refreshes, Tags(self.books))
        others = (Members(self.books, self.engine), Processes(self.books, self.engine), Notifications(self.books, mail))
        self.schedules = Schedules(self.books, self.engine, self.times)
        pools = (self.schedules, WarmPools(self.books, self.engine))
        self.services = {
            "autoscaling": Service("autoscaling", groups, *parts, *others, *pools),
            "ec2": Service(
                "ec2",
                self.templates,
                self.images,
                instances,
                ResourceTags(self.templates, ec2),
            ),
            "elbv2": Service("elbv2", self.targets, Listeners(elbv2, self.account, name)),
        }

    def close(self) -> None:
        """Nobody is asked any more."""
        if self.probes:
            self.probes.close()

    def tick(self) -> None:
        """What time does."""
        if self.probes:
            self.probes.tick()
        self.spot.tick()
        self.registry.look()
        self.engine.tick()
        self.refreshes.tick()
        self.schedules.tick()
        self.watch.tick()

    def notice(self, called: Called) -> None:
        """What moto answered by itself and this cloud must know of."""
        if (called.service, called.operation) == ("cloudwatch", "SetAlarmState"):
            self.watch.notice()

    def answer(self, called: Called) -> Answer | None:
        """None for what moto answers."""
        service = self.services.get(called.service)
        return service.answer(called) if service else None


def _client(moto: Moto, service: str, region: str) -> Callable[[], Any]:
    """Made when it is first needed: reading a service's model takes a while."""
    return partial(moto.client, service, region)
