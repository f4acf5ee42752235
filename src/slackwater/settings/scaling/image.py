"""Image: what an instance boots from."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal, get_args

from slackwater.settings._base import Settings
from slackwater.settings._faults import Fault
from slackwater.settings._fields import choice, text

Kind = Literal["id", "ssm"]
ID = re.compile(r"ami-([0-9a-f]{8}|[0-9a-f]{17})")
PARAMETER = re.compile(r"/?[A-Za-z0-9_.-]+(/[A-Za-z0-9_.-]+){0,14}(:[A-Za-z0-9_.-]+)?")
LONGEST_PARAMETER = 1011
EXAMPLE = "/aws/service/debian/release/12/latest/amd64"


class Image(Settings):
    """Made by `Image.id("ami-…")` or `Image.ssm("/aws/service/…")`."""

    kind: Kind = choice(..., "How the image is named.", get_args(Kind))
    value: str = text(..., "The image's id, or the parameter that holds it.", allowed="an image's id or a parameter")

    @classmethod
    def id(cls, value: str) -> Image:
        """One image, by its id in the group's region."""
        return cls(kind="id", value=value)

    @classmethod
    def ssm(cls, value: str) -> Image:
        """The image that a Systems Manager parameter names when the plan is made; the id is what the group gets."""
        return cls(kind="ssm", value=value)

    def conflicts(self) -> Iterator[Fault]:
        if self.kind == "id" and not ID.fullmatch(self.value):
            yield self.fault("value", "must be an image's id such as 'ami-0123456789abcdef0'")
        is_parameter = PARAMETER.fullmatch(self.value) and len(self.value) <= LONGEST_PARAMETER
        if self.kind == "ssm" and not is_parameter:
            yield self.fault("value", f"must be a parameter's name such as {EXAMPLE!r}")
