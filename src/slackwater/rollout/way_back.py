"""Where a rollback goes, and what was proved before that: pure."""

from __future__ import annotations

from slackwater.changes import Change
from slackwater.errors import RolloutError
from slackwater.release import Proved


def target(proved: Proved | None, interrupted: Change | None) -> str:
    """Where `rollback` goes without being told: an interrupted change decides, else the one proved before.

    Raises RolloutError when there is none.
    """
    if interrupted and interrupted.kind == "rollback":
        return interrupted.release
    if interrupted and interrupted.origin:
        return interrupted.origin
    if proved and proved.history:
        return proved.history[-1]
    now = (
        f"{proved.release} is the only release that was ever proved here" if proved else "nothing was ever proved here"
    )
    raise RolloutError(f"there is nothing to go back to: {now}. Name a release with --release")


def history_of(proved: Proved | None, release: str) -> tuple[str, ...]:
    """What was proved before `release`: going back twice goes back two, never forward again."""
    if proved is None or release == proved.release:
        return proved.history if proved else ()
    earlier = proved.history
    return earlier[: len(earlier) - 1 - earlier[::-1].index(release)] if release in earlier else earlier
