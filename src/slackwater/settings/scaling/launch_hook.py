"""LaunchHook: a new instance is out of service until it has provisioned itself and answers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import get_args

from slackwater.settings._faults import Fault
from slackwater.settings._fields import choice, text, whole
from slackwater.settings.scaling._hook import LEAST_HEARTBEAT, MOST_HEARTBEAT, Hook, Result
from slackwater.settings.scaling._words import HOOK_NAME, HOOK_NAME_ALLOWED


class LaunchHook(Hook):
    """The instance sends heartbeats while it provisions itself; one that falls silent is replaced."""

    name: str = text("slackwater-launch", "The hook's name in the group.", pattern=HOOK_NAME, allowed=HOOK_NAME_ALLOWED)
    heartbeat: int = whole(
        300,
        "Silence for so long ends the wait; it must outlast the boot, before the first heartbeat.",
        unit="seconds",
        least=LEAST_HEARTBEAT,
        most=MOST_HEARTBEAT,
    )
    deadline: int = whole(
        1200, "An instance that does not serve by then gives itself up.", unit="seconds", least=60, most=172800
    )
    default: Result = choice(
        "ABANDON", "What silence means: ABANDON terminates the instance, CONTINUE puts it in service.", get_args(Result)
    )

    def conflicts(self) -> Iterator[Fault]:
        if self.deadline > self.limit:
            yield self.fault(
                "deadline",
                f"must be at most {self.limit} seconds, when AWS ends the wait: 48 hours or "
                f"100 times heartbeat ({self.heartbeat})",
            )
