"""Lifecycle states of a fleet's instances, for whoever listens while an inventory is read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar

_noted: ContextVar[dict[str, str] | None] = ContextVar("noted", default=None)


@contextmanager
def noting() -> Iterator[dict[str, str]]:
    """Within it whatever reads AWS for an inventory leaves the state of each app instance, by its id.

    Empty where AWS is not asked: machines that are there anyway, or an old list.
    """
    states: dict[str, str] = {}
    token = _noted.set(states)
    try:
        yield states
    finally:
        _noted.reset(token)


def note(states: Mapping[str, str]) -> None:
    noted = _noted.get()
    if noted is not None:
        noted.update(states)
