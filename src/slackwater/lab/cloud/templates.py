"""Launch templates, kept by this cloud and not by moto.

moto's second version with user data answers 500, it ignores SourceVersion, and it deletes no versions.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from slackwater.lab.cloud.errors import AwsError, invalid
from slackwater.lab.cloud.wire.service import Arguments

LATEST, DEFAULT = "$Latest", "$Default"
LARGEST_USER_DATA = 16384
"""Bytes, before base64 (EC2 user guide, "Run commands when you launch an EC2 instance with user data input")."""


@dataclass
class Version:
    """One version; nothing changes it once it is made."""

    number: int
    data: dict[str, Any]
    description: str | None
    created: datetime


@dataclass
class Template:
    """Versions by number; deleted ones are gone and their numbers are not used again."""

    id: str
    name: str
    tags: list[dict[str, str]]
    created: datetime
    versions: dict[int, Version] = field(default_factory=dict)
    default: int = 1
    latest: int = 0

    def add(self, data: dict[str, Any], description: str | None) -> Version:
        self.latest += 1
        self.versions[self.latest] = Version(self.latest, data, description, datetime.now(UTC))
        return self.versions[self.latest]

    def version(self, wanted: str | None) -> Version:
        number = {LATEST: self.latest, DEFAULT: self.default, None: self.default}.get(wanted) or _number(wanted)
        if number not in self.versions:
            text = f"Could not find the specified version {wanted} for the launch template with ID {self.id}."
            raise AwsError("InvalidLaunchTemplateId.VersionNotFound", text)
        return self.versions[number]


class Templates:
    """EC2's operations on launch templates."""

    def __init__(self, account: str) -> None:
        self.account = account
        self.templates: dict[str, Template] = {}
        self._by_token: dict[tuple[str, str], tuple[Arguments, dict[str, Any]]] = {}

    def create_launch_template(self, asked: Arguments) -> Mapping[str, Any]:
        return self._once("create", asked, self._create)

    def create_launch_template_version(self, asked: Arguments) -> Mapping[str, Any]:
        return self._once("version", asked, self._create_version)

    def modify_launch_template(self, asked: Arguments) -> Mapping[str, Any]:
        template = self.find(asked)
        template.default = template.version(asked.get("DefaultVersion")).number
        return {"LaunchTemplate": self._template(template)}

    def delete_launch_template(self, asked: Arguments) -> Mapping[str, Any]:
        template = self.find(asked)
        del self.templates[template.id]
        return {"LaunchTemplate": self._template(template)}

    def delete_launch_template_versions(self, asked: Arguments) -> Mapping[str, Any]:
        template, gone, refused = self.find(asked), [], []
        for wanted in asked["Versions"]:
            same = {"LaunchTemplateId": template.id, "LaunchTemplateName": template.name, "VersionNumber": int(wanted)}
            if error := _why_it_stays(template, int(wanted)):
                refused.append({**same, "ResponseError": error})
            else:
                del template.versions[int(wanted)]
                gone.append(same)
        return {
            "SuccessfullyDeletedLaunchTemplateVersions": gone,
            "UnsuccessfullyDeletedLaunchTemplateVersions": refused,
        }

    def describe_launch_templates(self, asked: Arguments) -> Mapping[str, Any]:
        ids, names = asked.get("LaunchTemplateIds", []), asked.get("LaunchTemplateNames", [])
        named = [self.find({"LaunchTemplateId": each}) for each in ids]
        named += [self.find({"LaunchTemplateName": each}) for each in names]
        found = [each for each in named or self.templates.values() if _matches(each, asked.get("Filters", []))]
        page, more = _page(found, asked)
        return {"LaunchTemplates": [self._template(each) for each in page], "NextToken": more}

    def describe_launch_template_versions(self, asked: Arguments) -> Mapping[str, Any]:
        wanted = asked.get("Versions", [])
        if asked.get("LaunchTemplateId") or asked.get("LaunchTemplateName"):
            pairs = self._versions_of(self.find(asked), asked)
        elif wanted and set(wanted) <= {LATEST, DEFAULT}:
            pairs = [(each, each.version(word)) for each in self.templates.values() for word in wanted]
        else:
            raise AwsError("MissingParameter", "Name the launch template, or ask for $Latest or $Default of all.")
        page, more = _page(pairs, asked)
        return {"LaunchTemplateVersions": [self._version(*pair) for pair in page], "NextToken": more}

    def find(self, asked: Mapping[str, Any]) -> Template:
        """By the keys of a LaunchTemplateSpecification."""
        by_id, by_name = asked.get("LaunchTemplateId"), asked.get("LaunchTemplateName")
        if by_id and by_name:
            raise AwsError("InvalidParameterCombination", "Provide either launch template ID or launch template name.")
        for template in self.templates.values():
            if by_id == template.id or (by_id is None and by_name == template.name):
                return template
        if by_id:
            raise AwsError("InvalidLaunchTemplateId.NotFound", f"The launch template ID '{by_id}' does not exist.")
        text = "At least one of the launch templates specified in the request does not exist."
        raise AwsError("InvalidLaunchTemplateName.NotFoundException", text)

    def _once(self, kind: str, asked: Arguments, make: Any) -> dict[str, Any]:
        """A second call with the same ClientToken changes nothing and says what the first said."""
        token = asked.pop("ClientToken", "")
        if token and (kind, token) in self._by_token:
            before, said = self._by_token[kind, token]
            if before != asked:
                raise AwsError("IdempotentParameterMismatch", "The request uses the same client token as another.")
            return said
        kept = deepcopy(asked)
        said = make(asked)
        self._by_token[kind, token] = kept, said
        return dict(said)

    def _create(self, asked: Arguments) -> dict[str, Any]:
        name = asked["LaunchTemplateName"]
        if any(each.name == name for each in self.templates.values()):
            raise AwsError("InvalidLaunchTemplateName.AlreadyExistsException", "Launch template name already in use.")
        data = _checked(asked["LaunchTemplateData"])
        specifications = asked.get("TagSpecifications", [])
        tags = [tag for each in specifications if each.get("ResourceType") == "launch-template" for tag in each["Tags"]]
        template = Template(f"lt-{uuid4().hex[:17]}", name, tags, datetime.now(UTC))
        template.add(data, asked.get("VersionDescription"))
        self.templates[template.id] = template
        return {"LaunchTemplate": self._template(template)}

    def _create_version(self, asked: Arguments) -> dict[str, Any]:
        template = self.find(asked)
        source = asked.get("SourceVersion")
        base = template.version(source).data if source else {}
        data = _checked({**deepcopy(base), **asked["LaunchTemplateData"]})
        made = template.add(data, asked.get("VersionDescription"))
        return {"LaunchTemplateVersion": self._version(template, made)}

    def _versions_of(self, template: Template, asked: Arguments) -> list[tuple[Template, Version]]:
        if asked.get("Versions"):
            return [(template, template.version(word)) for word in asked["Versions"]]
        lowest, highest = int(asked.get("MinVersion", 1)), int(asked.get("MaxVersion", template.latest))
        return [(template, each) for each in reversed(template.versions.values()) if lowest <= each.number <= highest]

    def _template(self, template: Template) -> dict[str, Any]:
        return {
            **self._made(template, template.created),
            "DefaultVersionNumber": template.default,
            "LatestVersionNumber": template.latest,
            "Tags": template.tags,
        }

    def _version(self, template: Template, version: Version) -> dict[str, Any]:
        return {
            **self._made(template, version.created),
            "VersionNumber": version.number,
            "VersionDescription": version.description,
            "DefaultVersion": version.number == template.default,
            "LaunchTemplateData": deepcopy(version.data),
        }

    def _made(self, template: Template, created: datetime) -> dict[str, Any]:
        creator = f"arn:aws:iam::{self.account}:root"
        names = {"LaunchTemplateId": template.id, "LaunchTemplateName": template.name}
        return {**names, "CreateTime": created, "CreatedBy": creator}


def _number(wanted: str | None) -> int:
    if not str(wanted).isdigit():
        raise AwsError("InvalidLaunchTemplateId.VersionNotFound", f"{wanted} is not a version.")
    return int(str(wanted))


def _why_it_stays(template: Template, number: int) -> dict[str, str] | None:
    if number not in template.versions:
        return {"Code": "launchTemplateVersionDoesNotExist", "Message": f"version {number} does not exist"}
    if number == template.default:
        return {"Code": "unexpectedError", "Message": "the default version cannot be deleted"}
    return None


def _checked(data: dict[str, Any]) -> dict[str, Any]:
    try:
        text = base64.b64decode(data.get("UserData", ""), validate=True)
    except binascii.Error as error:
        raise AwsError("InvalidUserData.Malformed", "Invalid BASE64 encoding of user data.") from error
    if len(text) > LARGEST_USER_DATA:
        raise AwsError("InvalidUserData.Malformed", "User data is limited to 16384 bytes")
    if not data:
        raise invalid("LaunchTemplateData must not be empty")
    return data


def _matches(template: Template, filters: list[dict[str, Any]]) -> bool:
    tags = {tag["Key"]: tag["Value"] for tag in template.tags}
    known = {"launch-template-name": template.name, **{f"tag:{key}": value for key, value in tags.items()}}
    return all(known.get(each["Name"]) in each["Values"] for each in filters)


def _page(found: list[Any], asked: Arguments) -> tuple[list[Any], str | None]:
    start, size = int(asked.get("NextToken", 0)), int(asked.get("MaxResults", 200))
    return found[start : start + size], str(start + size) if start + size < len(found) else None
