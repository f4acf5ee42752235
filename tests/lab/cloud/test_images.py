"""Images: what one was registered with is what is described, and a root disk is always among its disks."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from slackwater.lab.cloud import Endpoint, Ground

PARAMETER = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-arm64"


def described(ec2: Any, image: str) -> dict[str, Any]:
    (found,) = ec2.describe_images(ImageIds=[image])["Images"]
    return dict(found)


def register(ec2: Any, **told: Any) -> str:
    return str(ec2.register_image(Name="web", **told)["ImageId"])


def test_an_image_is_what_it_was_registered_as(ec2: Any) -> None:
    """moto would give each the root device /dev/sda1 of 15 GB, and no architecture."""
    told: dict[str, Any] = {
        "Architecture": "arm64",
        "RootDeviceName": "/dev/xvda",
        "BlockDeviceMappings": [{"DeviceName": "/dev/xvda", "Ebs": {"VolumeSize": 30}}],
    }
    found = described(ec2, register(ec2, **told))

    assert told == {name: found[name] for name in told}
    assert ("available", "ebs") == (found["State"], found["RootDeviceType"])


def test_an_image_that_says_nothing_has_a_root_disk(ec2: Any) -> None:
    """Of 8 GB, as those of Debian, Ubuntu and Amazon Linux."""
    found = described(ec2, register(ec2, RootDeviceName="/dev/xvda"))

    assert [("/dev/xvda", 8)] == [
        (disk["DeviceName"], disk["Ebs"]["VolumeSize"]) for disk in found["BlockDeviceMappings"]
    ]
    assert "x86_64" == found["Architecture"]


def test_an_image_of_an_instance_has_its_root_device(ec2: Any, ground: Ground) -> None:
    """What `slackwater image prepare` ends in."""
    (machine,) = ec2.run_instances(ImageId=ground.image, MinCount=1, MaxCount=1)["Instances"]
    made = ec2.create_image(InstanceId=machine["InstanceId"], Name="prepared")["ImageId"]

    assert "/dev/xvda" == described(ec2, made)["RootDeviceName"]


def test_the_images_of_amazons_own_parameters_are_described(endpoint: Endpoint, ec2: Any) -> None:
    """Beside one of ours, each once."""
    amazons = endpoint.client("ssm").get_parameter(Name=PARAMETER)["Parameter"]["Value"]
    ours = register(ec2)
    both = ec2.describe_images(ImageIds=[amazons, ours])["Images"]

    assert {amazons, ours} == {each["ImageId"] for each in both}
    assert ("arm64", "/dev/xvda") == (
        described(ec2, amazons)["Architecture"],
        described(ec2, amazons)["RootDeviceName"],
    )


def test_what_is_not_there_is_refused(ec2: Any) -> None:
    """Never registered, or deregistered since; moto answers the second with nothing."""
    gone = register(ec2)
    ec2.deregister_image(ImageId=gone)
    for image in ("ami-0fedcba9876543210", gone):
        with pytest.raises(ClientError, match=r"InvalidAMIID\.NotFound"):
            ec2.describe_images(ImageIds=[image])


def test_a_state_is_what_a_test_says(endpoint: Endpoint, ec2: Any) -> None:
    """A copy that is not ready, or an image that its maker has disabled."""
    made = register(ec2)
    endpoint.cloud.image_state(made, "pending")

    assert "pending" == described(ec2, made)["State"]


def test_all_of_ones_own_are_described_without_ids(ec2: Any) -> None:
    """As whoever looks for their latest asks."""
    made = register(ec2)

    assert made in [each["ImageId"] for each in ec2.describe_images(Owners=["self"])["Images"]]
