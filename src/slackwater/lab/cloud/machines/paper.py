"""Machines that are in the books only: up at once, and nothing runs on them."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext

from slackwater.lab.metadata import Instance
from slackwater.lab.metadata.service import Find


class Paper:
    """They keep the address that EC2 gave them."""

    address, can_be_asked = "127.0.0.1", False

    def __init__(self) -> None:
        self._on: set[str] = set()

    def has_room(self, count: int = 1) -> bool:
        return True

    def serving(self, find: Find) -> AbstractContextManager[object]:
        """Nobody is there to ask; a test may serve a view of `Endpoint.cloud.metadata` itself."""
        return nullcontext(find)

    def close(self) -> None:
        """Nothing takes time."""

    def start(self, instance: Instance, up: Callable[[], None]) -> None:
        self._on.add(instance.id)
        up()

    def stop(self, id: str) -> None:  # noqa: A002 - EC2's own word
        self._on.discard(id)

    def crash(self, id: str) -> None:  # noqa: A002
        self._on.discard(id)

    def remove(self, id: str) -> None:  # noqa: A002
        self._on.discard(id)

    def is_on(self, id: str) -> bool:  # noqa: A002
        return id in self._on
