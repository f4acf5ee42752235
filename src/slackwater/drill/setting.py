"""Sets the stage of a drill, from nothing to a group that serves; all of it goes when the block ends."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from urllib.parse import urlsplit

from slackwater.aws.clients import explained
from slackwater.drill.operator import Operator, release, told
from slackwater.drill.place import MARK, place
from slackwater.drill.signals import undisturbed
from slackwater.drill.stage import PAUSE, Stage
from slackwater.errors import LabError
from slackwater.lab import LabHost, Wishes
from slackwater.lab.cloud import Endpoint, Ground, cloud
from slackwater.lab.cloud.machines.hosts import LabMachines
from slackwater.lab.launches import begin_with, keep
from slackwater.lab.metadata import Instance
from slackwater.lab.progress import Progress

ANSWER_LIMIT = 5.0
"""Seconds for one answer of the balancer, which is asked again."""
BOOT_LIMIT = 300.0
"""Seconds until the builder's boot has ended, on a machine that others load as well."""


@dataclass(frozen=True)
class Sizes:
    """Of the group: it begins with `smallest`, and its alarms change it by `step`."""

    smallest: int
    largest: int
    step: int


@contextmanager
def staged(name: str, sizes: Sizes, say: Callable[[str], None]) -> Iterator[Stage]:
    """The group has been applied and boots. LabError where the lab `name` is not a drill's to take."""
    with ExitStack() as calm, ExitStack() as ends:
        lab, progress = ends.enter_context(place(name)), Progress(say)
        folder = lab.directory / MARK
        lab.up(Wishes({"app": 0, "worker": 0, "balancer": 1}), progress)
        machines = LabMachines.prepared(lab, progress=progress)
        sky = ends.enter_context(cloud(folder, lifecycle=True, machines=machines))
        ground, balancer = sky.cloud.ground("drill"), lab.host("balancer-1")
        sky.cloud.admit(Instance("i-balancer", balancer.address))
        sized = {"minimum": sizes.smallest, "maximum": sizes.largest, "desired": sizes.smallest, "step": sizes.step}
        operator = Operator.begin(folder / "project", sky, ground, told(balancer), **sized)
        with progress.step("a release is built"):
            operator.build(release(1))
            operator.prove(release(1))
        with progress.step("an image is prepared"):
            image = _image(sky, ground, machines, operator)
        machines.furnish = partial(_begin_with, image)
        stage = Stage(lab, sky, machines, operator, say, sizes.smallest, sizes.smallest, sizes.largest, sizes.step)
        ends.callback(stage.ledgers.close)
        ends.callback(say, "the lab is taken away ...")
        ends.callback(lambda: calm.enter_context(undisturbed()))
        yield stage


def launch(stage: Stage) -> None:
    """The first instances boot while the balancer is converged; it hears of them some seconds after the group."""
    with stage.phase("apply", launches=stage.size) as phase:
        stage.operator.apply()
        phase.figures["applied in"] = round(stage.timeline.now - phase.began, 1)
        stage.operator.converge("--limit", "balancer-1")
        stage.settle()
        stage.wait(lambda: is_served(stage.url), "a good answer from the balancer")


def is_served(url: str) -> bool:
    """Whether somebody who asks this plain URL now gets a good answer."""
    place = urlsplit(url)
    connection = HTTPConnection(place.netloc, timeout=ANSWER_LIMIT)
    try:
        connection.request("GET", place.path)
        return connection.getresponse().status == HTTPStatus.OK
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()


def _image(sky: Endpoint, ground: Ground, machines: LabMachines, operator: Operator) -> Path:
    """As docs/images.md has it: an instance of no group is prepared, and its disk is what the group's begin with."""
    ec2, image = sky.client("ec2"), operator.folder.parent / "image"
    with explained("the image's instance"):
        made = ec2.run_instances(ImageId=ground.image, MinCount=1, MaxCount=1)["Instances"][0]
        builder = _booted(machines, made["InstanceId"])
        operator.prepare(builder)
        builder.power_cut()
        keep(builder, image)
        ec2.terminate_instances(InstanceIds=[made["InstanceId"]])
    return image


def _booted(machines: LabMachines, instance: str) -> LabHost:
    deadline = time.monotonic() + BOOT_LIMIT
    while True:
        try:
            host = machines.host(instance)
            break
        except LabError:
            if time.monotonic() > deadline:
                raise
            time.sleep(PAUSE)
    host.wait_until_ready(BOOT_LIMIT)
    return host


def _begin_with(image: Path, host: LabHost) -> None:
    (host.directory / "disk").mkdir(exist_ok=True)
    begin_with(host, image)
