"""What a release and a fleet may be called: both become names of files, parameters and directories on hosts."""

from __future__ import annotations

import re

from slackwater.errors import ReleaseError

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}")
"""A host's socket is named after app, release and slot, and Linux takes 107 bytes for its path."""
ALLOWED = "a letter or digit, then up to 39 letters, digits, '.', '_' or '-', without '..' and not ending in '.'"


def is_name(name: str) -> bool:
    return bool(_NAME.fullmatch(name)) and ".." not in name and not name.endswith(".")


def checked(kind: str, name: str) -> str:
    """`kind` is the word for it in the message; raises ReleaseError."""
    if not is_name(name):
        raise ReleaseError(f"{name!r} cannot be the name of a {kind}: it must be {ALLOWED}")
    return name
