"""What the cloud wants of whoever runs its instances."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from enum import Enum
from typing import Protocol

from slackwater.lab.metadata import Instance
from slackwater.lab.metadata.service import Find


class Power(Enum):
    """What was last ordered, or seen since."""

    COMING = "coming"
    ON = "on"
    OFF = "off"


class Machines(Protocol):
    """Every call returns at once, for it is made under the cloud's lock; `id` is the instance's."""

    @property
    def address(self) -> str:
        """Where the cloud must listen so that they reach it."""

    @property
    def can_be_asked(self) -> bool:
        """Whether something listens at their addresses."""

    def has_room(self, count: int = 1) -> bool:
        """For so many more."""

    def serving(self, find: Find) -> AbstractContextManager[object]:
        """Their metadata service; `find` knows instances by their addresses."""

    def close(self) -> None:
        """What was ordered is done when it returns."""

    def start(self, instance: Instance, up: Callable[[], None]) -> None:
        """From nothing, or from the disk of one that was stopped; its address is in `instance` from then on.

        `up` is called once it runs, from any thread; never where it does not come up.
        """

    def stop(self, id: str) -> None:  # noqa: A002 - EC2's own word
        """As its own `poweroff`; the disk stays."""

    def crash(self, id: str) -> None:  # noqa: A002
        """The plug is pulled; the disk stays."""

    def remove(self, id: str) -> None:  # noqa: A002
        """Whatever state it is in; the disk goes too."""

    def is_on(self, id: str) -> bool:  # noqa: A002
        """True from `start` on, unless it did not come up or went off."""
