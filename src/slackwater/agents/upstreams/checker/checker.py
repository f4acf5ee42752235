"""All backends, asked side by side."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterable

from ..configuration import Checks
from ..members import Place
from .outcome import Question
from .prober import Asked, Prober, Report

SPREAD = 0.002
"""Seconds between the first questions to new backends: one comes at once, a thousand must not come in one instant."""


class Checker:
    """`follow` says who is asked from now on; each answer goes to `report`."""

    def __init__(self, checks: Checks, report: Report, chance: Callable[[], float]) -> None:
        self._asked = Asked(checks, report, chance, _context() if checks.tls else None)
        self._probers: dict[Place, tuple[Prober, ...]] = {}

    def follow(self, places: Iterable[Place]) -> None:
        wanted = set(places)
        for place in self._probers.keys() - wanted:
            for prober in self._probers.pop(place):
                prober.stop()
        for number, place in enumerate(sorted(wanted - self._probers.keys(), key=str)):
            self._probers[place] = tuple(Prober(self._asked, place, question) for question in self._questions())
            for prober in self._probers[place]:
                prober.start(number * SPREAD)

    def stop(self) -> None:
        self.follow(())

    def _questions(self) -> tuple[Question, ...]:
        return (Question.LIVE,) if self._asked.checks.ready is None else (Question.LIVE, Question.READY)


def _context() -> ssl.SSLContext:
    """Who answers is told by the address; whether its certificate is right is nginx's matter, for the requests."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context
