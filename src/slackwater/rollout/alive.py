"""Signs of life of a change, and its end: the record goes only when nothing is half done."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Protocol

import gevent

from slackwater.changes import Change, TakenOverError
from slackwater.errors import ReleaseError, RolloutError
from slackwater.rollout.fleet import Fleet

SIGN_OF_LIFE = 5.0
"""Seconds between two: others call a change dead only after a minute without one."""


class WholeError(RolloutError):
    """It failed, and nothing is left that another run could finish: every host runs one release, or none was proved."""


class UnderWay(Protocol):
    """A rollout or a rollback."""

    fleet: Fleet
    change: Change


@contextmanager
def alive(work: UnderWay) -> Iterator[None]:
    """The record goes when all is done or undone.

    After any other error it stays: the next rollout or rollback finds in it where this one came from.
    """
    job = gevent.spawn(_signs, work)
    try:
        yield
    except WholeError:
        work.fleet.changes.end(work.change)
        raise
    finally:
        job.kill()
    work.fleet.changes.end(work.change)


def _signs(work: UnderWay) -> None:
    """Silent once it was taken over: the work itself finds that out at its next step. A store may have its moments."""
    while True:
        gevent.sleep(SIGN_OF_LIFE)
        with suppress(ReleaseError):
            try:
                work.fleet.changes.refresh(work.change)
            except TakenOverError:
                return
