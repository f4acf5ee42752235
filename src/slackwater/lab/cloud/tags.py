"""EC2's tags: a launch template's are this cloud's own, all others are moto's."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from slackwater.lab.cloud.errors import AwsError
from slackwater.lab.cloud.instances import passed_on
from slackwater.lab.cloud.templates import Template, Templates
from slackwater.lab.cloud.wire.service import Arguments

PREFIX, KIND = "lt-", "launch-template"


class ResourceTags:
    """`ec2` is a boto3 client."""

    def __init__(self, templates: Templates, ec2: Callable[[], Any]) -> None:
        self.templates, self._ec2 = templates, ec2

    def create_tags(self, asked: Arguments) -> None:
        if any(tag["Key"].startswith("aws:") for tag in asked["Tags"]):
            raise AwsError("InvalidParameterValue", "Tag keys starting with 'aws:' are reserved for internal use")
        for template in self._templates(asked["Resources"]):
            new = {tag["Key"]: tag["Value"] for tag in template.tags} | {
                tag["Key"]: tag.get("Value", "") for tag in asked["Tags"]
            }
            template.tags = [{"Key": key, "Value": value} for key, value in new.items()]
        self._pass_on(self._ec2().create_tags, asked)

    def delete_tags(self, asked: Arguments) -> None:
        """None named is all; with a value, only a tag of that value."""
        for template in self._templates(asked["Resources"]):
            template.tags = [tag for tag in template.tags if not _is_named(tag, asked.get("Tags"))]
        self._pass_on(self._ec2().delete_tags, asked)

    def describe_tags(self, asked: Arguments) -> Mapping[str, Any]:
        said = passed_on(self._ec2().describe_tags, asked)
        own = [_described(template, tag) for template in self.templates.templates.values() for tag in template.tags]
        return {**said, "Tags": [*said["Tags"], *(each for each in own if _matches(each, asked.get("Filters", [])))]}

    def _templates(self, resources: list[str]) -> list[Template]:
        return [self.templates.find({"LaunchTemplateId": each}) for each in resources if each.startswith(PREFIX)]

    def _pass_on(self, call: Any, asked: Arguments) -> None:
        if others := [each for each in asked["Resources"] if not each.startswith(PREFIX)]:
            passed_on(call, {**asked, "Resources": others})


def _is_named(tag: dict[str, str], wanted: list[dict[str, str]] | None) -> bool:
    return wanted is None or any(
        each["Key"] == tag["Key"] and each.get("Value", tag["Value"]) == tag["Value"] for each in wanted
    )


def _described(template: Template, tag: dict[str, str]) -> dict[str, str]:
    return {"ResourceId": template.id, "ResourceType": KIND, **tag}


def _matches(described: dict[str, str], filters: list[dict[str, Any]]) -> bool:
    known = {"resource-id": "ResourceId", "resource-type": "ResourceType", "key": "Key", "value": "Value"}
    return all(described.get(known.get(each["Name"], "")) in each["Values"] for each in filters)
