"""A group's tags."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from slackwater.lab.cloud.errors import invalid
from slackwater.lab.cloud.scaling.books import Books, Group, Values, page

KIND = "auto-scaling-group"


def keep_tags(group: Group, tags: list[Values]) -> None:
    for tag in tags:
        if tag["Key"].startswith("aws:"):
            raise invalid("Tag keys that begin with aws: are reserved")
        about = {"ResourceId": group.name, "ResourceType": KIND, "Key": tag["Key"], "Value": tag.get("Value", "")}
        group.tags[tag["Key"]] = {**about, "PropagateAtLaunch": bool(tag.get("PropagateAtLaunch", False))}


class Tags:
    """Members that run keep the tags they were launched with."""

    def __init__(self, books: Books) -> None:
        self.books = books

    def create_or_update_tags(self, asked: Values) -> None:
        for tag in asked["Tags"]:
            keep_tags(self.books.group(tag.get("ResourceId", "")), [tag])

    def delete_tags(self, asked: Values) -> None:
        for tag in asked["Tags"]:
            self.books.group(tag.get("ResourceId", "")).tags.pop(tag["Key"], None)

    def describe_tags(self, asked: Values) -> Mapping[str, Any]:
        tags = [tag for group in self.books.groups.values() for tag in group.tags.values()]
        some, more = page([tag for tag in tags if _matches(tag, asked.get("Filters", []))], asked)
        return {"Tags": some, "NextToken": more}


def _matches(tag: Values, filters: list[Values]) -> bool:
    said = {
        "auto-scaling-group": tag["ResourceId"],
        "key": tag["Key"],
        "value": tag["Value"],
        "propagate-at-launch": str(tag["PropagateAtLaunch"]).lower(),
    }
    return all(said.get(each["Name"]) in each.get("Values", []) for each in filters)
