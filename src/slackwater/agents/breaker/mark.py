"""What the breaker writes on a group: who suspended its launches, why, until when. It is the breaker's only memory."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum

OWNER, REASON = "slackwater:breaker-owner", "slackwater:breaker-reason"
EXPIRES, STATE = "slackwater:breaker-expires", "slackwater:breaker-state"
KEYS = (OWNER, REASON, EXPIRES, STATE)
LONGEST = 256
"""Characters of a tag's value."""
FORBIDDEN = re.compile(r"[^\w \-+=.:/@]+", re.ASCII)
"""All AWS services take these in a tag: https://docs.aws.amazon.com/tag-editor/latest/userguide/tagging.html"""
PAST = datetime(1970, 1, 1, tzinfo=UTC)


class State(Enum):
    """Tripping and lifting are half done: whoever comes after a watcher that died goes on from there."""

    TRIPPING = "tripping"
    OPEN = "open"
    LIFTING = "lifting"
    TRIAL = "trial"


@dataclass(frozen=True)
class Mark:
    """`since` is when it came to that state."""

    state: State
    since: datetime
    owner: str
    reason: str
    expires: datetime

    def tags(self) -> dict[str, str]:
        return {
            OWNER: clean(self.owner) or "unknown",
            REASON: clean(self.reason) or "unknown",
            EXPIRES: stamp(self.expires),
            STATE: f"{self.state.value} {stamp(self.since)}",
        }


def mark_of(tags: Mapping[str, str]) -> Mark | None:
    """None when the tag of the owner is missing: then a suspension is somebody else's.

    What a hand has spoiled is read so that nothing stays suspended: a time that cannot be read is past.
    """
    if OWNER not in tags:
        return None
    word, _, since = tags.get(STATE, "").partition(" ")
    known = {state.value: state for state in State}
    return Mark(
        known.get(word, State.OPEN), moment(since), tags[OWNER], tags.get(REASON, ""), moment(tags.get(EXPIRES, ""))
    )


def clean(text: str) -> str:
    """As a tag's value may be."""
    return " ".join(FORBIDDEN.sub(" ", text).split())[:LONGEST].strip()


def stamp(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def moment(text: str) -> datetime:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return PAST
    return at if at.tzinfo else at.replace(tzinfo=UTC)
