"""EC2's images as they were registered: moto keeps their names, and gives every one the same root disk.

It also knows which images Amazon's own parameters name, but does not describe them unless it loads 1,300 others.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from moto.utilities.utils import load_resource

from slackwater.lab.cloud.errors import AwsError
from slackwater.lab.cloud.instances import passed_on
from slackwater.lab.cloud.wire.service import Arguments

KEPT = ("Architecture", "RootDeviceName", "BlockDeviceMappings")
DEFAULTS = {"Architecture": "x86_64", "RootDeviceName": "/dev/sda1"}
MADE = {"Hypervisor": "xen", "VirtualizationType": "hvm", "RootDeviceType": "ebs"}
"""What EC2 says of every image of our time, on whatever hardware it runs."""
SNAPSHOT_GB = 8
"""What an image's root disk takes unless it was registered with another; Debian's, Ubuntu's and Amazon's take that."""
NOT_FOUND = "InvalidAMIID.NotFound"


class Images:
    """EC2's operations on images."""

    def __init__(self, ec2: Callable[[], Any], region: str) -> None:
        self._ec2, self.region = ec2, region
        self._registered: dict[str, dict[str, Any]] = {}
        self._states: dict[str, str] = {}

    def register_image(self, asked: Arguments) -> Mapping[str, Any]:
        made = passed_on(self._ec2().register_image, asked)
        self._registered[made["ImageId"]] = DEFAULTS | {name: asked[name] for name in KEPT if name in asked}
        return made

    def create_image(self, asked: Arguments) -> Mapping[str, Any]:
        """Of an instance: what its own image is made of."""
        made = passed_on(self._ec2().create_image, asked)
        found = self._ec2().describe_instances(InstanceIds=[asked["InstanceId"]])["Reservations"][0]["Instances"][0]
        self._registered[made["ImageId"]] = self._registered.get(found["ImageId"], DEFAULTS)
        return made

    def describe_images(self, asked: Arguments) -> Mapping[str, Any]:
        """By id, those of Amazon's own parameters too."""
        wanted = set(asked.get("ImageIds", []))
        amazons = [image for image in _amazons(self.region) if image["ImageId"] in wanted]
        ours = sorted(wanted - {image["ImageId"] for image in amazons})
        if amazons and not ours:
            return {"Images": amazons}
        said = passed_on(self._ec2().describe_images, {**asked, "ImageIds": ours} if ours else asked)
        if missing := set(ours) - {image["ImageId"] for image in said["Images"]}:
            raise AwsError(NOT_FOUND, f"The image id '[{', '.join(sorted(missing))}]' does not exist")
        return {**said, "Images": [*amazons, *(self._as_registered(image) for image in said["Images"])]}

    def say(self, image: str, state: str) -> None:
        """What the image's state is from now on: available, pending, failed or disabled."""
        self._states[image] = state

    def _as_registered(self, image: dict[str, Any]) -> dict[str, Any]:
        told = self._registered.get(image["ImageId"], DEFAULTS)
        disks = told.get("BlockDeviceMappings") or [_disk(told["RootDeviceName"])]
        state = self._states.get(image["ImageId"], image["State"])
        location = f"{image['OwnerId']}/{image['Name']}"
        return {**image, **told, **MADE, "ImageLocation": location, "State": state, "BlockDeviceMappings": disks}


@cache
def _amazons(region: str) -> list[dict[str, Any]]:
    try:
        known = load_resource(f"ec2/resources/latest_amis/{region}.json")
    except FileNotFoundError:
        return []
    return [_amazons_own(each) for each in known]


def _amazons_own(known: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "ImageId": known["ami_id"],
        "Name": known["name"],
        "Description": known["description"],
        "OwnerId": known["owner_id"],
        "Architecture": known["architecture"],
        "State": known["state"],
        "RootDeviceName": known["root_device_name"],
        **MADE,
        "RootDeviceType": known["root_device_type"],
        "ImageLocation": f"amazon/{known['name']}",
        "BlockDeviceMappings": [_disk(known["root_device_name"])],
    }


def _disk(device: str) -> dict[str, Any]:
    return {"DeviceName": device, "Ebs": {"VolumeSize": SNAPSHOT_GB, "VolumeType": "gp3", "DeleteOnTermination": True}}
