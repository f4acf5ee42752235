"""What all causes have in common."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from ..rules import Rules


class Reach(IntEnum):
    """How far a leave goes: out of traffic while the app runs on, with the app stopped, or to the host's end."""

    OUT = 1
    STOPPED = 2
    END = 3


@dataclass(frozen=True)
class Notice:
    """A cause that stands. Times are seconds of the wall clock; `key` tells one notice from the next of its kind.

    `end` is when the machine will be gone whatever it does, `lapses` when the notice is believed no longer. `boot` is
    the machine's boot in which it was seen last.
    """

    cause: str
    key: str
    said: str
    since: float
    end: float | None = None
    lapses: float | None = None
    boot: str = ""


@dataclass(frozen=True)
class Found:
    """What a reading found: the parts of a notice that the cause itself knows."""

    key: str
    said: str
    end: float | None = None
    lapses: float | None = None


Read = Callable[[str, float, Rules], Found | None]
"""(what metadata or the file says, now, rules). Raises ValueError, KeyError or TypeError for what is no such thing."""


@dataclass(frozen=True)
class Cause:
    """`path` is below /latest/meta-data/ and asked every `interval` seconds; None: somebody else tells.

    `limit` bounds the whole leave in seconds, below `Drain.deadline`. `outlives_boot`: it stands after a reboot, too;
    `outlives_agent`: it stands when the agent starts anew.
    """

    name: str
    reach: Reach
    read: Read
    path: str | None = None
    interval: float = 5.0
    limit: float | None = None
    outlives_boot: bool = True
    outlives_agent: bool = True

    @property
    def is_final(self) -> bool:
        """The host's end, at its deadline at the latest."""
        return self.reach is Reach.END

    @property
    def is_revocable(self) -> bool:
        """Neither the host's end nor that of its boot is called off."""
        return not self.is_final and self.outlives_boot

    def notice(self, text: str | None, now: float, rules: Rules, boot: str, behind: float = 0.0) -> Notice | None:
        """None when it does not stand; `text` is None where there is no such thing. Raises what `read` raises.

        `behind` is in seconds: by so much `now` is behind the clock that the text's own times are of.
        """
        found = None if text is None else self.read(text, now + behind, rules)
        if found is None:
            return None
        end, lapses = (moment and moment - behind for moment in (found.end, found.lapses))
        return Notice(self.name, found.key, found.said, now, end, lapses, boot)


def seconds(stamp: Any) -> float:
    """Of a time in UTC as metadata write it. Raises ValueError."""
    from datetime import UTC, datetime

    for form in ("%Y-%m-%dT%H:%M:%SZ", "%d %b %Y %H:%M:%S GMT"):
        try:
            return datetime.strptime(str(stamp), form).replace(tzinfo=UTC).timestamp()
        except ValueError:
            continue
    raise ValueError(f"{stamp!r:.60} is no time in UTC")
