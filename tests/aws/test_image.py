"""The image: looked up, known to be one that boots, and its root disk the declared one under its own name."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from slackwater.errors import CloudError
from slackwater.settings import Image, ScalingGroup, Volume
from tests.aws.resources import Lab
from tests.aws.resources import lab as start
from tests.aws.whole import planned, run, told

SSM = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64"


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    with start() as running:
        yield running


def image(lab: Lab, **fields: Any) -> str:
    """One more, as Ubuntu's are unless told otherwise."""
    ubuntu = {"Name": "ubuntu", "Architecture": "x86_64", "RootDeviceName": "/dev/sda1"}
    return str(lab.client("ec2").register_image(**ubuntu | fields)["ImageId"])


def disks(lab: Lab, group: ScalingGroup) -> dict[str, int]:
    """What a new template would say: sizes by device."""
    (template, *_) = planned(lab, group).calls
    mapped = template.arguments["LaunchTemplateData"]["BlockDeviceMappings"]
    assert all(each["Ebs"]["Encrypted"] for each in mapped)
    return {each["DeviceName"]: each["Ebs"]["VolumeSize"] for each in mapped}


def refusal(lab: Lab, **fields: Any) -> str:
    before = len(lab.endpoint.calls)
    with pytest.raises(CloudError) as refused:
        planned(lab, lab.declare(**fields))
    assert all(name.startswith(("Describe", "Get", "Register")) for _, name in lab.endpoint.calls[before:])
    return str(refused.value)


@pytest.mark.parametrize("root", ["/dev/sda1", "/dev/xvda"])
def test_the_root_disk_has_the_images_own_name(lab: Lab, root: str) -> None:
    """Under another one EC2 makes it a second disk, beside a root that is small and in the clear."""
    found = image(lab, RootDeviceName=root)

    assert {root: 20} == disks(lab, lab.declare(image=Image.id(found)))


def test_a_root_disk_may_be_named(lab: Lab) -> None:
    """As the image names it; others stand beside it."""
    named = [Volume(device="/dev/sda1", gb=30), Volume(device="/dev/xvdb", gb=40)]
    unnamed = [Volume(device="/dev/xvdb", gb=40), Volume(gb=30)]

    for volumes in (named, unnamed):
        assert {"/dev/sda1": 30, "/dev/xvdb": 40} == disks(
            lab, lab.declare(image=Image.id(image(lab)), volumes=volumes)
        )


def test_a_group_without_a_root_disk_is_refused(lab: Lab) -> None:
    """Debian's name for an image of Ubuntu's: it would boot from what the image brings."""
    found = image(lab)
    text = refusal(lab, name="tide", image=Image.id(found), volumes=[Volume(device="/dev/xvda")])

    assert text.startswith("tide: ")
    assert "volumes = (Volume(" in text
    assert f"one for /dev/sda1, the root device of {found}" in text


def test_two_root_disks_are_refused(lab: Lab) -> None:
    """One by its name, and one by none."""
    text = refusal(lab, image=Image.id(image(lab)), volumes=[Volume(), Volume(device="/dev/sda1")])

    assert "and no other without a device" in text


def test_a_volume_smaller_than_its_snapshot_is_refused(lab: Lab) -> None:
    """EC2 refuses the launch, night after night; each volume is told with its place, its value and what is allowed."""
    mappings = [{"DeviceName": name, "Ebs": {"VolumeSize": gb}} for name, gb in (("/dev/sda1", 30), ("/dev/sdb", 9))]
    found = image(lab, BlockDeviceMappings=[*mappings, {"DeviceName": "/dev/sdc", "VirtualName": "ephemeral0"}])
    volumes = [Volume(gb=29), Volume(device="/dev/sdb", gb=8), Volume(device="/dev/sdc", gb=1)]
    text = refusal(lab, name="ebb", image=Image.id(found), volumes=volumes)

    assert [
        f"volumes[0].gb = 29: must be at least 30, as large as /dev/sda1 is in {found}",
        f"volumes[1].gb = 8: must be at least 9, as large as /dev/sdb is in {found}",
    ] == [line[line.index("volumes[") :] for line in text.splitlines()]
    assert all(line.startswith("ebb: ") for line in text.splitlines())


@pytest.mark.parametrize("state", ["pending", "failed", "disabled"])
def test_an_image_that_nothing_boots_from_is_refused(lab: Lab, state: str) -> None:
    """It is there, and EC2 refuses each launch."""
    found = image(lab)
    lab.endpoint.cloud.image_state(found, state)

    assert f"scaling_group.image = '{found}' is {state} in eu-central-1; it must be available" == refusal(
        lab, image=Image.id(found)
    )


def test_an_image_that_is_not_there_is_refused(lab: Lab) -> None:
    """Never was, or was deregistered; a parameter is told with the id that it holds."""
    gone = image(lab)
    lab.client("ec2").deregister_image(ImageId=gone)
    lab.client("ssm").put_parameter(Name="/images/gone", Value=gone, Type="String")

    for told_as, words in (
        (Image.id("ami-0fedcba9876543210"), "'ami-0fedcba9876543210' is no image in eu-central-1"),
        (Image.id(gone), f"{gone!r} is no image in eu-central-1"),
        (Image.ssm("/images/gone"), f"'/images/gone' ({gone}) is no image in eu-central-1"),
    ):
        assert f"scaling_group.image = {words}" in refusal(lab, image=told_as)


def test_an_image_for_other_processors_is_refused(lab: Lab) -> None:
    """An id says nothing of it, and each launch would fail."""
    arm = Image.id(image(lab, Architecture="arm64"))

    assert "must be an image for x86_64, as t3.micro is" in refusal(lab, image=arm)
    assert {"/dev/sda1": 20} == disks(lab, lab.declare(image=arm, instance_types=["t4g.micro"]))


def test_another_error_of_ec2_is_told_as_it_is(lab: Lab) -> None:
    """Access that is denied is no missing image."""
    lab.endpoint.fail("ec2", "DescribeImages", "UnauthorizedOperation", status=403)

    assert "ec2 describe_images: access was denied" in refusal(lab)


def test_another_image_is_one_new_version_with_its_own_root_disk(lab: Lab) -> None:
    """From Debian's to Ubuntu's: the former root device goes, and nothing else changes."""
    group = lab.declare()
    run(lab, group)
    found = image(lab)
    version, update = told(planned(lab, lab.declare(name=group.name, image=Image.id(found))).calls)

    assert version.startswith(f"create_launch_template_version: ImageId {lab.ground.image} -> {found}")
    assert "disk /dev/sda1 none -> {" in version
    assert "disk /dev/xvda {" in version
    assert "update_auto_scaling_group: LaunchTemplate.Version 1 -> new" == update


def test_amazons_own_parameters_lead_to_images_that_boot(lab: Lab) -> None:
    """The first declaration that somebody tries in the lab."""
    assert {"/dev/xvda": 20} == disks(lab, lab.declare(image=Image.ssm(SSM)))


def test_the_image_is_asked_for_once(lab: Lab) -> None:
    """One request a plan, whatever the group is made of."""
    group = lab.declare(volumes=[Volume(), Volume(device="/dev/xvdb")], instance_types=["t3.micro", "t3.small"])
    run(lab, group)
    before = len(lab.endpoint.calls)
    planned(lab, group)

    assert 1 == lab.endpoint.calls[before:].count(("ec2", "DescribeImages"))
