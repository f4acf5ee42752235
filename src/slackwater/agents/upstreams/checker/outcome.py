"""What one question has come to."""

from __future__ import annotations

import errno
import ssl
from dataclasses import dataclass
from enum import StrEnum

from ..configuration import Checks
from ..words import printable
from .answer import Answer

OWN_TROUBLE = {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM, errno.EADDRNOTAVAIL}
"""The balancer itself has no file, memory or port left: that says nothing of the backend."""


NO_WAY = {errno.EHOSTUNREACH, errno.ENETUNREACH, errno.EHOSTDOWN, errno.ETIMEDOUT}
"""What our own kernel says of a host that answers nothing."""


class Question(StrEnum):
    LIVE = "live"
    READY = "ready"


class Result(StrEnum):
    GOOD = "good"
    BAD = "bad"
    DRAINING = "draining"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Outcome:
    """`detail` says what came instead of a good answer; `heard` that it was an answer at all; `silent` that nothing
    came: a kernel that refuses or resets is there, and ends what it has no process for by itself."""

    result: Result
    detail: str = ""
    heard: bool = False
    silent: bool = False


GOOD = Outcome(Result.GOOD, heard=True)
DRAINING = Outcome(Result.DRAINING, "draining", heard=True)


def judge(checks: Checks, question: Question, answer: Answer) -> Outcome:
    if answer.status == 503 and answer.body.split(None, 1)[:1] == [b"draining"]:
        return DRAINING
    least, most = checks.status
    if not least <= answer.status <= most:
        said = printable(answer.body)
        return _bad(f"{answer.status}: {said}" if said else f"{answer.status}")
    if question is Question.LIVE:
        return _content(checks, answer)
    return GOOD


def _content(checks: Checks, answer: Answer) -> Outcome:
    if checks.header and answer.headers.get(checks.header[0].encode()) != checks.header[1].encode():
        return _bad(f"{answer.status}, but the header {checks.header[0]} is not {checks.header[1]!r}")
    if checks.body and checks.body.encode() not in answer.body:
        return _bad(f"{answer.status}, but {checks.body!r} is not in it: {printable(answer.body)}")
    return GOOD


def _bad(detail: str) -> Outcome:
    return Outcome(Result.BAD, printable(detail), heard=True)


def garbage(detail: str) -> Outcome:
    return _bad(f"no HTTP: {detail}")


def late(timeout: float, stage: str) -> Outcome:
    heard = stage.startswith("no whole")
    return Outcome(Result.BAD, f"{stage} within {timeout:g} s", heard=heard, silent=not heard)


def broken(error: BaseException | None) -> Outcome:
    """A connection that could not be made or went away; who speaks, but no TLS that we understand, is heard."""
    number = error.errno if isinstance(error, OSError) else None
    if number in OWN_TROUBLE:
        return Outcome(Result.UNKNOWN, f"the balancer itself: {errno.errorcode[number or 0]}")
    if isinstance(error, ssl.SSLError):
        return Outcome(Result.BAD, printable(error), heard=True)
    known = {errno.ECONNREFUSED: "connection refused", errno.ECONNRESET: "connection reset"}
    detail = known.get(number or 0) or printable(error or "closed without an answer")
    return Outcome(Result.BAD, detail, silent=number in NO_WAY)
