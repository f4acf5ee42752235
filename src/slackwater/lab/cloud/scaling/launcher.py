"""A group's instances in EC2: launched from its template with everything that the template says, and switched on."""

from __future__ import annotations

import base64
import itertools
from collections.abc import Callable
from copy import deepcopy
from typing import Any

from slackwater.lab.cloud.machines.registry import Registry
from slackwater.lab.cloud.scaling.books import Group, Values
from slackwater.lab.cloud.templates import Template, Templates, Version

COPIED = (
    "ImageId", "InstanceType", "KeyName", "SecurityGroupIds", "SecurityGroups", "UserData", "IamInstanceProfile",
    "MetadataOptions", "BlockDeviceMappings", "EbsOptimized", "InstanceMarketOptions",
    "InstanceInitiatedShutdownBehavior",
)  # fmt: skip
TAGGED = ("instance", "volume")
SSM = "resolve:ssm:"


class Launcher:
    """`ec2` and `ssm` are boto3 clients."""

    def __init__(
        self, templates: Templates, registry: Registry, ec2: Callable[[], Any], ssm: Callable[[], Any]
    ) -> None:
        self.templates, self.registry, self._ec2, self._ssm = templates, registry, ec2, ssm
        self._turn = itertools.count()

    def launch(self, group: Group, wanted: Values) -> tuple[Values, Version, Template]:
        """`wanted`: LaunchTemplate or MixedInstancesPolicy. Raises botocore's ClientError when EC2 refuses."""
        template, version, overrides = self.choose(group, wanted)
        data = {**deepcopy(version.data), **overrides}
        arguments = {name: data[name] for name in COPIED if name in data}
        arguments["ImageId"] = self._image(data["ImageId"])
        arguments["TagSpecifications"] = _tags(group, template, version)
        if data.get("Monitoring"):
            arguments["Monitoring"] = {"Enabled": bool(data["Monitoring"].get("Enabled"))}
        self._place(arguments, data, self._subnet(group))
        if told := arguments.get("UserData"):
            arguments["UserData"] = base64.b64decode(told)  # botocore encodes it once more
        self.registry.check_room()
        instance = self._ec2().run_instances(MinCount=1, MaxCount=1, **arguments)["Instances"][0]
        self.registry.add(instance, data)
        return instance, version, template

    def boot(self, instance: str, up: Callable[[], None]) -> None:
        """From nothing, or from its disk; `up` follows once it runs."""
        self._ec2().start_instances(InstanceIds=[instance])
        self.registry.boot(instance, up)

    def stop(self, instance: str) -> None:
        self.registry.stop(instance)
        self._ec2().stop_instances(InstanceIds=[instance])

    def terminate(self, instance: str) -> None:
        self.registry.remove(instance)
        self._ec2().terminate_instances(InstanceIds=[instance])

    def is_on(self, instance: str) -> bool:
        return self.registry.is_on(instance)

    def choose(self, group: Group, wanted: Values) -> tuple[Template, Version, Values]:
        """The template's version, and what a mixed group overrides in it."""
        policy = wanted.get("MixedInstancesPolicy")
        spec = policy["LaunchTemplate"]["LaunchTemplateSpecification"] if policy else wanted["LaunchTemplate"]
        overrides: Values = {}
        if policy:
            overrides, spec = _mixed(group, policy, spec)
        template = self.templates.find(_by_one_name(spec))
        return template, template.version(spec.get("Version")), overrides

    def _image(self, image: str) -> str:
        if not image.startswith(SSM):
            return image
        return str(self._ssm().get_parameter(Name=image.removeprefix(SSM))["Parameter"]["Value"])

    def _subnet(self, group: Group) -> str | None:
        """The zones are kept level; a draw is settled in turn."""
        subnets = group.subnets
        if not subnets:
            return None
        used = [member.subnet for member in group.counted()]
        first = next(self._turn) % len(subnets)
        return min([*subnets[first:], *subnets[:first]], key=used.count)

    def _place(self, arguments: Values, data: Values, subnet: str | None) -> None:
        interfaces = deepcopy(data.get("NetworkInterfaces"))
        if interfaces:
            interfaces[0]["SubnetId"] = subnet or interfaces[0].get("SubnetId")
            arguments["NetworkInterfaces"] = interfaces
            arguments.pop("SecurityGroupIds", None)
        elif subnet:
            arguments["SubnetId"] = subnet


def _by_one_name(spec: Values) -> Values:
    key = "LaunchTemplateId" if spec.get("LaunchTemplateId") else "LaunchTemplateName"
    return {key: spec.get(key)}


def _tags(group: Group, template: Template, version: Version) -> list[Values]:
    own = {
        "aws:autoscaling:groupName": group.name,
        "aws:ec2launchtemplate:id": template.id,
        "aws:ec2launchtemplate:version": str(version.number),
    }
    propagated = {key: tag["Value"] for key, tag in group.tags.items() if tag["PropagateAtLaunch"]}
    said: dict[str, dict[str, str]] = {"instance": {}}
    for each in version.data.get("TagSpecifications", []):
        if each["ResourceType"] in TAGGED:
            said.setdefault(each["ResourceType"], {}).update({tag["Key"]: tag["Value"] for tag in each["Tags"]})
    said["instance"] |= propagated | own
    return [
        {"ResourceType": kind, "Tags": [{"Key": key, "Value": value} for key, value in tags.items()]}
        for kind, tags in said.items()
        if tags
    ]


def _mixed(group: Group, policy: Values, spec: Values) -> tuple[Values, Values]:
    """Which type, on demand or spot, the next instance is: the base first, then the share above it."""
    distribution = policy.get("InstancesDistribution", {})
    others = policy["LaunchTemplate"].get("Overrides") or [{}]
    members = group.counted()
    spots = sum(1 for member in members if member.spot)
    base = distribution.get("OnDemandBaseCapacity", 0)
    above = max(0, len(members) + 1 - base)
    on_demand = min(len(members) + 1, base) + -(
        -above * distribution.get("OnDemandPercentageAboveBaseCapacity", 100) // 100
    )
    spot = len(members) - spots >= on_demand
    # On demand goes by the list's order; spot is spread over the pools.
    override = others[spots % len(others)] if spot else others[0]
    overrides: Values = {"InstanceType": override["InstanceType"]} if override.get("InstanceType") else {}
    if spot:
        overrides["InstanceMarketOptions"] = {"MarketType": "spot"}
    return overrides, override.get("LaunchTemplateSpecification") or spec
