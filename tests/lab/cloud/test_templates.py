"""Launch templates, and what moto gets wrong about them."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from botocore.exceptions import ClientError

from slackwater.lab.cloud import Ground
from tests.lab.cloud.conftest import Make, template_data


def versions(ec2: Any, name: str, *wanted: str) -> list[dict[str, Any]]:
    found = ec2.describe_launch_template_versions(LaunchTemplateName=name, Versions=list(wanted))
    return list(found["LaunchTemplateVersions"])


def test_a_template_is_described_as_it_was_put(ec2: Any, ground: Ground) -> None:
    """Every field, byte for byte."""
    data = template_data(ground) | {
        "Monitoring": {"Enabled": True},
        "KeyName": ground.key_pair,
        "BlockDeviceMappings": [
            {"DeviceName": "/dev/xvda", "Ebs": {"VolumeSize": 20, "VolumeType": "gp3", "Encrypted": True}}
        ],
        "TagSpecifications": [{"ResourceType": "instance", "Tags": [{"Key": "a", "Value": "b & <c>"}]}],
    }
    tags = [{"Key": "owner", "Value": "slackwater"}]
    made = ec2.create_launch_template(
        LaunchTemplateName="whole",
        VersionDescription="first",
        LaunchTemplateData=data,
        TagSpecifications=[{"ResourceType": "launch-template", "Tags": tags}],
    )["LaunchTemplate"]
    found = ec2.describe_launch_templates(LaunchTemplateNames=["whole"])["LaunchTemplates"]

    assert [made] == found
    assert tags == made["Tags"]
    assert (data, "first", True) == tuple(
        versions(ec2, "whole", "1")[0][key] for key in ("LaunchTemplateData", "VersionDescription", "DefaultVersion")
    )


def test_tags_of_a_template_are_changed_like_all_others(ec2: Any, ground: Ground) -> None:
    """In one call with a resource that moto keeps."""
    made = ec2.create_launch_template(LaunchTemplateName="labels", LaunchTemplateData=template_data(ground))
    both = [made["LaunchTemplate"]["LaunchTemplateId"], ground.security_group]
    ec2.create_tags(Resources=both, Tags=[{"Key": "team", "Value": "shop"}, {"Key": "old", "Value": "x"}])
    ec2.create_tags(Resources=both, Tags=[{"Key": "team", "Value": "tide"}])
    ec2.delete_tags(Resources=both, Tags=[{"Key": "old"}])
    found = ec2.describe_tags(Filters=[{"Name": "resource-id", "Values": both}])["Tags"]
    template = ec2.describe_launch_templates(LaunchTemplateNames=["labels"])["LaunchTemplates"][0]

    assert [{"Key": "team", "Value": "tide"}] == template["Tags"]
    assert {(each, "team", "tide") for each in both} == {(tag["ResourceId"], tag["Key"], tag["Value"]) for tag in found}
    with pytest.raises(ClientError, match=r"InvalidLaunchTemplateId\.NotFound"):
        ec2.create_tags(Resources=["lt-0123456789abcdef0"], Tags=[{"Key": "a", "Value": "b"}])


def test_a_group_runs_on_a_second_version_with_user_data(make: Make, described: Any, ec2: Any) -> None:
    """On moto this answers 500."""
    make("second", DesiredCapacity=1, LaunchTemplate={"LaunchTemplateName": "web", "Version": "2"})
    instance = described("second")["Instances"][0]["InstanceId"]
    data = ec2.describe_instances(InstanceIds=[instance])["Reservations"][0]["Instances"][0]

    assert {"2"} == {tag["Value"] for tag in data["Tags"] if tag["Key"] == "aws:ec2launchtemplate:version"}
    assert "required" == data["MetadataOptions"]["HttpTokens"]


def test_a_source_version_is_the_base(ec2: Any, web: str) -> None:
    """moto ignores it: the new version would hold only the keys that were passed."""
    made = ec2.create_launch_template_version(
        LaunchTemplateName=web, SourceVersion="2", LaunchTemplateData={"InstanceType": "t3.large"}
    )["LaunchTemplateVersion"]

    assert "t3.large" == made["LaunchTemplateData"]["InstanceType"]
    assert b"#two" == base64.b64decode(made["LaunchTemplateData"]["UserData"])


def test_a_client_token_makes_a_call_idempotent(ec2: Any, ground: Ground) -> None:
    """A lost answer can be asked for again; another request with the same token is refused."""
    asked = {"LaunchTemplateName": "once", "LaunchTemplateData": template_data(ground), "ClientToken": "t1"}
    first = ec2.create_launch_template(**asked)["LaunchTemplate"]
    version = {"LaunchTemplateName": "once", "LaunchTemplateData": {"InstanceType": "t3.nano"}, "ClientToken": "t2"}
    numbers = {ec2.create_launch_template_version(**version)["LaunchTemplateVersion"]["VersionNumber"] for _ in "12"}

    assert first == ec2.create_launch_template(**asked)["LaunchTemplate"]
    assert {2} == numbers
    with pytest.raises(ClientError, match="IdempotentParameterMismatch"):
        ec2.create_launch_template(**asked | {"LaunchTemplateName": "twice"})


def test_versions_are_deleted_but_the_default_stays(ec2: Any, ground: Ground) -> None:
    """Their numbers are not used again."""
    ec2.create_launch_template(LaunchTemplateName="old", LaunchTemplateData=template_data(ground))
    for _ in range(2):
        ec2.create_launch_template_version(LaunchTemplateName="old", LaunchTemplateData=template_data(ground))
    done = ec2.delete_launch_template_versions(LaunchTemplateName="old", Versions=["1", "2", "9"])
    ec2.create_launch_template_version(LaunchTemplateName="old", LaunchTemplateData=template_data(ground))

    assert [2] == [each["VersionNumber"] for each in done["SuccessfullyDeletedLaunchTemplateVersions"]]
    assert [1, 9] == [each["VersionNumber"] for each in done["UnsuccessfullyDeletedLaunchTemplateVersions"]]
    assert [4, 3, 1] == [each["VersionNumber"] for each in versions(ec2, "old")]
    with pytest.raises(ClientError, match="VersionNotFound"):
        versions(ec2, "old", "2")


def test_the_default_moves_and_the_words_follow(ec2: Any, ground: Ground) -> None:
    """$Latest and $Default are resolved."""
    ec2.create_launch_template(LaunchTemplateName="words", LaunchTemplateData=template_data(ground))
    ec2.create_launch_template_version(LaunchTemplateName="words", LaunchTemplateData=template_data(ground))
    before = [each["VersionNumber"] for each in versions(ec2, "words", "$Latest", "$Default")]
    ec2.modify_launch_template(LaunchTemplateName="words", DefaultVersion="2")

    assert [2, 1] == before
    assert [2] == [each["VersionNumber"] for each in versions(ec2, "words", "$Default")]


@pytest.mark.parametrize(
    ("user_data", "complaint"),
    [("not base64!", "InvalidUserData.Malformed"), (base64.b64encode(b"x" * 16385).decode(), "16384 bytes")],
    ids=["malformed", "too large"],
)
def test_bad_user_data_is_refused(ec2: Any, user_data: str, complaint: str) -> None:
    """moto accepts more than 16 KB."""
    with pytest.raises(ClientError, match=complaint):
        ec2.create_launch_template(LaunchTemplateName="bad", LaunchTemplateData={"UserData": user_data})


@pytest.mark.parametrize(
    ("key", "value", "code"),
    [
        ("LaunchTemplateIds", "lt-0123456789abcdef0", "InvalidLaunchTemplateId.NotFound"),
        ("LaunchTemplateNames", "nobody", "InvalidLaunchTemplateName.NotFoundException"),
    ],
)
def test_a_template_that_is_not_there_is_an_error(ec2: Any, key: str, value: str, code: str) -> None:
    """Of an unknown id, moto tells an empty list."""
    with pytest.raises(ClientError, match=code):
        ec2.describe_launch_templates(**{key: [value]})


def test_a_deleted_template_frees_its_name(ec2: Any, ground: Ground) -> None:
    """A name is taken only while the template is there."""
    asked = {"LaunchTemplateName": "gone", "LaunchTemplateData": template_data(ground)}
    ec2.create_launch_template(**asked)
    with pytest.raises(ClientError, match="AlreadyExists"):
        ec2.create_launch_template(**asked)
    ec2.delete_launch_template(LaunchTemplateName="gone")
    ec2.create_launch_template(**asked)
