"""The launch template: what an instance is made of. A new version only when the content differs; by number."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from slackwater.aws.call import Call, Ref, drift
from slackwater.aws.clients import Clients
from slackwater.aws.compressed import compressed, content
from slackwater.aws.disks import wanted_disks
from slackwater.aws.image import FoundImage, refuse_other_architecture
from slackwater.aws.tags import as_dict, as_list, own_tags, refuse_foreign
from slackwater.settings import ScalingGroup

VERSION = "launch_template.version"
"""The key under which a plan gives the number of the version that it makes."""
NESTED: dict[str, tuple[str, ...]] = {
    "IamInstanceProfile": ("Name",),
    "MetadataOptions": ("HttpTokens", "HttpPutResponseHopLimit", "HttpEndpoint"),
    "Monitoring": ("Enabled",),
}
PLAIN = ("ImageId", "InstanceType", "KeyName", "SecurityGroupIds", "UserData")
EBS = ("VolumeSize", "VolumeType", "Encrypted", "DeleteOnTermination", "Iops", "Throughput", "KmsKeyId")


@dataclass(frozen=True)
class LaunchTemplate:
    """`latest` is the number of the newest version, `data` what that holds."""

    id: str
    latest: int
    data: Mapping[str, Any]
    tags: Mapping[str, str]


def wanted_launch_template(group: ScalingGroup, image: FoundImage, user_data: str) -> dict[str, Any]:
    """LaunchTemplateData; `user_data` is the text as the instance sees it. Raises CloudError for another image."""
    refuse_other_architecture(group, image)
    data = {
        "ImageId": image.id,
        "InstanceType": group.instance_types[0],
        "IamInstanceProfile": {"Name": group.instance_profile},
        "KeyName": group.key_pair,
        "SecurityGroupIds": sorted(group.security_groups),
        "UserData": base64.b64encode(compressed(user_data)).decode(),
        "MetadataOptions": {
            "HttpTokens": "required",
            "HttpPutResponseHopLimit": group.hop_limit,
            "HttpEndpoint": "enabled",
        },
        "Monitoring": {"Enabled": group.detailed_monitoring},
        "BlockDeviceMappings": wanted_disks(group, image),
        # The group hands its tags to instances only; without this nobody knows whose a volume is.
        "TagSpecifications": [{"ResourceType": "volume", "Tags": as_list(own_tags(group))}],
    }
    return {key: value for key, value in data.items() if value is not None}


def observe_launch_template(clients: Clients, group: ScalingGroup) -> LaunchTemplate | None:
    named = [{"Name": "launch-template-name", "Values": [group.template_name]}]
    for found in clients.pages("ec2", "describe_launch_templates", "LaunchTemplates", Filters=named):
        of_it = {"LaunchTemplateId": found["LaunchTemplateId"], "Versions": ["$Latest"]}
        (version,) = clients.pages("ec2", "describe_launch_template_versions", "LaunchTemplateVersions", **of_it)
        number, data = int(version["VersionNumber"]), version["LaunchTemplateData"]
        return LaunchTemplate(found["LaunchTemplateId"], number, data, as_dict(found.get("Tags", [])))
    return None


def plan_launch_template(
    group: ScalingGroup, found: LaunchTemplate | None, image: FoundImage, user_data: str
) -> tuple[list[Call], str | Ref]:
    """The calls, and the number of the version that the group shall use."""
    data = wanted_launch_template(group, image, user_data)
    if found is None:
        return [_create(group, data)], Ref(VERSION)
    refuse_foreign(f"launch template {group.template_name}", found.tags, group)
    there = _readable(found.data)
    reasons = drift(_completed(_readable(data), there), there)
    tags = _tag(group, found)
    if not reasons:
        return tags, str(found.latest)
    return [*tags, _version(found, data, "; ".join(reasons))], Ref(VERSION)


def _create(group: ScalingGroup, data: dict[str, Any]) -> Call:
    """botocore's own token makes its retries safe, and the name is unique: a second one cannot come to be."""
    tags = [{"ResourceType": "launch-template", "Tags": as_list(own_tags(group))}]
    arguments = {"LaunchTemplateName": group.template_name, "LaunchTemplateData": data, "TagSpecifications": tags}
    gives = {VERSION: "to_string(LaunchTemplate.LatestVersionNumber)"}
    return Call("ec2", "create_launch_template", arguments, "new", gives)


def _version(found: LaunchTemplate, data: dict[str, Any], reason: str) -> Call:
    """The token is of template, number and content: the same step asked for twice makes one version."""
    step = json.dumps([found.id, found.latest, data], sort_keys=True)
    token = hashlib.sha256(step.encode()).hexdigest()
    arguments = {"LaunchTemplateId": found.id, "LaunchTemplateData": data, "ClientToken": token}
    gives = {VERSION: "to_string(LaunchTemplateVersion.VersionNumber)"}
    return Call("ec2", "create_launch_template_version", arguments, reason, gives)


def _tag(group: ScalingGroup, found: LaunchTemplate) -> list[Call]:
    reasons = drift({"tag": own_tags(group)}, {"tag": found.tags})
    arguments = {"Resources": [found.id], "Tags": as_list(own_tags(group))}
    return [Call("ec2", "create_tags", arguments, "; ".join(reasons))] if reasons else []


def _readable(data: Mapping[str, Any]) -> dict[str, Any]:
    """What differs is told in words: user-data by its content's hash, disks by their device."""
    disks = {f"disk {disk['DeviceName']}": disk.get("Ebs", {}) for disk in data.get("BlockDeviceMappings", [])}
    user_data = content(base64.b64decode(data.get("UserData", "")))
    told_too = {
        "UserData": hashlib.sha256(user_data).hexdigest()[:12] if user_data else "none",
        "TagSpecifications": {one["ResourceType"]: as_dict(one["Tags"]) for one in data.get("TagSpecifications", [])},
        "SecurityGroupIds": sorted(data.get("SecurityGroupIds", [])),
    }
    return {key: value for key, value in data.items() if key != "BlockDeviceMappings"} | disks | told_too


def _completed(data: Mapping[str, Any], there: Mapping[str, Any]) -> dict[str, Any]:
    """With None for whatever of ours is not wanted: a key pair that was taken out of the declaration is drift.

    So is a setting that no declaration has, such as NetworkInterfaces in a version that somebody else made: instances
    would be launched with it. AWS may show one that nobody gave as empty or False; that is none.
    """
    plain = {key: data.get(key) for key in PLAIN}
    nested = {key: {name: data.get(key, {}).get(name) for name in names} for key, names in NESTED.items()}
    disks = {key: {name: disk.get(name) for name in EBS} for key, disk in data.items() if key.startswith("disk ")}
    ours, tags = {**plain, **nested, **disks}, {"TagSpecifications": data["TagSpecifications"]}
    surplus = {key: None for key, value in there.items() if value and key not in ours and key not in tags}
    return {**ours, **surplus, **tags}
