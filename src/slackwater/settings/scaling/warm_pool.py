"""WarmPool: instances that have provisioned themselves and wait."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, get_args

from slackwater.settings._base import Settings
from slackwater.settings._faults import Fault
from slackwater.settings._fields import choice, switch, whole

State = Literal["Stopped", "Running", "Hibernated"]


class WarmPool(Settings):
    """Beside the group; a stopped one costs its disks and is in service in the time of a boot."""

    minimum: int = whole(0, "So many always wait.", unit="instances")
    prepared: int | None = whole(
        None, "The pool and the group together have at most so many; None: the group's maximum.", unit="instances"
    )
    state: State = choice(
        "Stopped", "How they wait, in AWS's words; so far instances of a group may only be stopped.", get_args(State)
    )
    reuse_on_scale_in: bool = switch(False, "An instance that leaves the group returns to the pool; so far it may not.")

    def conflicts(self) -> Iterator[Fault]:
        if self.prepared is not None and self.prepared < self.minimum:
            yield self.fault("prepared", f"must be at least minimum ({self.minimum})")
