"""Somebody wants it: `slackwater drain`, until `slackwater undrain`."""

from __future__ import annotations

import json

from ..rules import Rules
from .cause import Cause, Found, Reach


def read(text: str, now: float, rules: Rules) -> Found | None:
    """`text` is the wish as the host's own command wrote it."""
    told = json.loads(text)
    reason = f": {told['reason']}" if told.get("reason") else ""
    return Found(str(told["at"]), f"asked by {told['by']}{reason}")


OPERATOR = Cause("operator", Reach.STOPPED, read)
