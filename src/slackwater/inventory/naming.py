"""Names from outside, made fit to be a host's name and the name of a file."""

from __future__ import annotations

import re

UNFIT = re.compile(r"[^A-Za-z0-9._-]+")
NAMELESS = "host"


def plain(name: str) -> str:
    """A slash or a leading dot would put the file elsewhere, and a leading dash would be an option of ssh's."""
    return UNFIT.sub("-", name).lstrip(".-") or NAMELESS
