"""Image: what an instance boots from: its id, looked up when the plan is made, and what it says of its disks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from slackwater.aws.clients import Clients
from slackwater.errors import CloudError
from slackwater.lint.instance_types import architecture
from slackwater.settings import Image, ScalingGroup

UNKNOWN = "ParameterNotFound"
NO_IMAGE = ("InvalidAMIID.NotFound", "InvalidAMIID.Malformed", "InvalidAMIID.Unavailable")
AVAILABLE = "available"


@dataclass(frozen=True)
class FoundImage:
    """`snapshots` are the sizes, in GB, of what the image brings, by device; the root device's is one of them."""

    id: str
    root_device: str
    architecture: str
    snapshots: Mapping[str, int] = field(default_factory=dict)


UNSEEN = FoundImage("", "", "")
"""For a deletion, which boots nothing."""


def observe_image(clients: Clients, image: Image) -> FoundImage:
    """Raises CloudError for one that is not there, or that nothing can be launched from.

    A template that named the parameter itself could not be rolled back: AWS refuses that of such a group.
    """
    found = image.value if image.kind == "id" else _parameter(clients, image.value)
    told = f"scaling_group.image = {image.value!r}" + (f" ({found})" if image.kind == "ssm" else "")
    described = _describe(clients, found, told)
    if described["State"] != AVAILABLE:
        raise CloudError(f"{told} is {described['State']} in {clients.region}; it must be {AVAILABLE}")
    if described.get("RootDeviceType") != "ebs":
        raise CloudError(f"{told} has its root on an instance store; it must be an image whose root disk is of EBS")
    disks = {each["DeviceName"]: each["Ebs"] for each in described["BlockDeviceMappings"] if "Ebs" in each}
    return FoundImage(
        found,
        described["RootDeviceName"],
        described["Architecture"],
        {device: disk["VolumeSize"] for device, disk in disks.items() if "VolumeSize" in disk},
    )


def refuse_other_architecture(group: ScalingGroup, image: FoundImage) -> None:
    """EC2 would refuse each launch; which one a type is of, its name tells."""
    for name in group.instance_types:
        if architecture(name) != image.architecture:
            allowed = f"must be an image for {architecture(name)}, as {name} is; {image.id} is for {image.architecture}"
            raise CloudError(f"{group.name}: {group.image.fault('value', allowed)}")


def _describe(clients: Clients, image: str, told: str) -> Mapping[str, Any]:
    """A deprecated one can still be launched; a disabled one is told as what it is."""
    asked = {"ImageIds": [image], "IncludeDeprecated": True, "IncludeDisabled": True}
    try:
        found = clients.ask("ec2", "describe_images", **asked)["Images"]
    except CloudError as error:
        if error.code not in NO_IMAGE:
            raise
        raise CloudError(_no_image(clients, told), error.code) from error
    if not found:
        raise CloudError(_no_image(clients, told))
    described: Mapping[str, Any] = found[0]
    return described


def _no_image(clients: Clients, told: str) -> str:
    return f"{told} is no image in {clients.region}, or not one that this account may use"


def _parameter(clients: Clients, name: str) -> str:
    try:
        found = str(clients.ask("ssm", "get_parameter", Name=name)["Parameter"]["Value"])
    except CloudError as error:
        if error.code != UNKNOWN:
            raise
        raise CloudError(f"scaling_group.image = {name!r} is no parameter in {clients.region}", UNKNOWN) from error
    if not found.startswith("ami-"):
        raise CloudError(f"scaling_group.image = {name!r} holds {found!r}; it must hold an image's id, 'ami-…'")
    return found
