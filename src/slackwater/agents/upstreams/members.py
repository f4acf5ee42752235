"""What is known of a backend before anybody has asked it: its name, its place, its weight."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass

NAME = re.compile(r"[A-Za-z0-9._-]{1,128}")
HEAVIEST = 1000
MOST_MEMBERS = 5000
"""nginx's list has room for so many; a longer answer of a source is a mistake, not a fleet."""


@dataclass(frozen=True, slots=True)
class Place:
    """An address and a port; what nginx counts by, whatever the name."""

    address: str
    port: int

    def __str__(self) -> str:
        return f"[{self.address}]:{self.port}" if ":" in self.address else f"{self.address}:{self.port}"


@dataclass(frozen=True, slots=True)
class Member:
    """`weight` is of 100; a `backup` serves when nobody else can."""

    name: str
    place: Place
    weight: int = 100
    backup: bool = False


def canonical(text: object) -> str | None:
    """An IP literal of either family as it is always written, for places are told apart by their text.

    None for anything else; one with a zone is of this machine's own links and no backend.
    """
    try:
        return str(ipaddress.ip_address(text)) if isinstance(text, str) and "%" not in text else None
    except ValueError:
        return None


def is_whole(value: object, least: int, most: int) -> bool:
    """True is a number to Python, and to nobody else."""
    return isinstance(value, int) and not isinstance(value, bool) and least <= value <= most
