"""TerminateHook: an instance that leaves is kept until it has drained."""

from __future__ import annotations

from typing import get_args

from slackwater.settings._fields import choice, text, whole
from slackwater.settings.scaling._hook import LEAST_HEARTBEAT, MOST_HEARTBEAT, Hook, Result
from slackwater.settings.scaling._words import HOOK_NAME, HOOK_NAME_ALLOWED


class TerminateHook(Hook):
    """The instance sends heartbeats while it drains, up to `Drain.deadline`."""

    name: str = text(
        "slackwater-terminate", "The hook's name in the group.", pattern=HOOK_NAME, allowed=HOOK_NAME_ALLOWED
    )
    heartbeat: int = whole(
        60,
        "Silence for so long ends the wait; a dead instance is gone after it.",
        unit="seconds",
        least=LEAST_HEARTBEAT,
        most=MOST_HEARTBEAT,
    )
    default: Result = choice(
        "CONTINUE",
        "What silence means; both terminate, and only ABANDON may retain: see retain_abandoned.",
        get_args(Result),
    )
