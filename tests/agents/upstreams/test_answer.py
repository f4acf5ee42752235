"""HTTP answers, whole, in pieces, and wrong."""

from __future__ import annotations

import random

import pytest

from slackwater.agents.upstreams.checker.answer import LONGEST, Answer, GarbageError, Reader
from slackwater.agents.upstreams.checker.outcome import Outcome, Question, Result, judge
from slackwater.agents.upstreams.configuration import Checks
from tests.conftest import LONG

ROUNDS = 10_000 if LONG else 1_000
PLAIN = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nX-Health: ok\r\n\r\nok\n"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n1;x=y\r\n\n\r\n0\r\n\r\n"


def read(data: bytes, piece: int = 1 << 20) -> Answer:
    reader = Reader()
    for first in range(0, len(data), piece):
        if answer := reader.feed(data[first : first + piece]):
            return answer
    return reader.end()


@pytest.mark.parametrize("piece", [1, 2, 7, 1 << 20])
@pytest.mark.parametrize(
    ("data", "status", "body", "keep"),
    [
        (PLAIN, 200, b"ok\n", True),
        (CHUNKED, 200, b"ok\n", True),
        (b"HTTP/1.1 204 No Content\r\n\r\n", 204, b"", True),
        (b"HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n", 200, b"", True),
        (b"HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\nx", 200, b"x", False),
        (b"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 1\r\n\r\nx", 200, b"x", True),
        (b"HTTP/1.1 503 No\r\nConnection: close\r\nContent-Length: 9\r\n\r\ndraining\n", 503, b"draining\n", False),
        (b"HTTP/1.1 200 OK\r\n\r\nuntil the end", 200, b"until the end", False),
        (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early\r\nLink: x\r\n\r\n" + PLAIN, 200, b"ok\n", True),
    ],
)
def test_answers_are_understood_in_any_pieces(data: bytes, status: int, body: bytes, keep: bool, piece: int) -> None:
    """Byte by byte or at once, it is the same answer."""
    answer = read(data, piece)

    assert (status, body, keep) == (answer.status, answer.body, answer.keep)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"HTTP/1.1 200 OK\r\n",
        b"SSH-2.0-OpenSSH\r\n",
        b"HTTP/2 200 OK\r\n\r\n",
        b"HTTP/1.1 999 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nxx",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nokay",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nok",
        b"HTTP/1.1 200 OK\r\nX: " + b"y" * 20000,
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"0" * 300,
    ],
)
def test_what_is_no_answer_is_garbage(data: bytes) -> None:
    """Cut off, too long, contradictory or of another protocol: never half believed."""
    with pytest.raises(GarbageError):
        read(data, 1000)


@pytest.mark.parametrize("kind", [b"Content-Length: 9000000000", b"Transfer-Encoding: chunked", b"X: y"])
def test_a_long_answer_is_read_to_a_bound(kind: bytes) -> None:
    """Its head and first part are enough, and its connection is not used again."""
    reader = Reader()
    answer = reader.feed(b"HTTP/1.1 200 OK\r\n" + kind + b"\r\n\r\n")
    given = 0
    while answer is None and given < 10 * LONGEST:
        answer = reader.feed(b"400\r\n" + b"x" * 1024 + b"\r\n")
        given += 1031

    assert answer
    assert not answer.keep
    assert LONGEST >= len(answer.body)


@pytest.mark.parametrize(
    ("checks", "data", "expected"),
    [
        (Checks(), PLAIN, ("good", "")),
        (Checks(status=(204, 204)), PLAIN, ("bad", "200: ok")),
        (Checks(header=("x-health", "ok")), PLAIN, ("good", "")),
        (Checks(header=("x-health", "fine")), PLAIN, ("bad", "200, but the header x-health is not 'fine'")),
        (Checks(header=("x-other", "ok")), PLAIN, ("bad", "200, but the header x-other is not 'ok'")),
        (Checks(body="ok"), PLAIN, ("good", "")),
        (Checks(body="fine"), PLAIN, ("bad", "200, but 'fine' is not in it: ok")),
        (Checks(), b"HTTP/1.1 503 No\r\nContent-Length: 9\r\n\r\ndraining\n", ("draining", "draining")),
        (Checks(), b"HTTP/1.1 503 No\r\nContent-Length: 11\r\n\r\nno database", ("bad", "503: no database")),
        (Checks(), b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\ndraining\n", ("good", "")),
        (Checks(), b"HTTP/1.1 500 No\r\n\r\nforged\nlines\x1b[31m", ("bad", "500: forged lines [31m")),
    ],
)
def test_answers_are_judged(checks: Checks, data: bytes, expected: tuple[str, str]) -> None:
    """By status, and the live one by header and body; what is told of it is one plain line."""
    outcome = judge(checks, Question.LIVE, read(data))

    assert expected == (outcome.result, outcome.detail)


def test_readiness_is_judged_by_status_alone() -> None:
    """What the live path must say is no business of the ready path."""
    assert Result.GOOD == judge(Checks(body="fine"), Question.READY, read(PLAIN)).result


def mutated(chance: random.Random) -> bytes:
    """An answer with some of its bytes turned, doubled, dropped or replaced; or noise."""
    data = bytearray(chance.choice([PLAIN, CHUNKED, PLAIN + CHUNKED, chance.randbytes(chance.randrange(200))]))
    for _ in range(chance.randrange(6)):
        at = chance.randrange(len(data) + 1)
        match chance.randrange(4):
            case 0:
                data[at:at] = chance.randbytes(chance.randrange(8))
            case 1:
                del data[at : at + chance.randrange(8)]
            case 2:
                data[at : at + 1] = bytes([chance.randrange(256)])
            case _:
                data[at:at] = data[: chance.randrange(len(data) + 1)]
    return bytes(data)


def test_random_answers_are_answers_or_garbage() -> None:
    """Nothing else comes out, however they are cut; what is judged is printable and short."""
    chance = random.Random(4)
    for _ in range(ROUNDS):
        data = mutated(chance)
        try:
            outcome: Outcome | None = judge(Checks(body="ok"), Question.LIVE, read(data, chance.choice([1, 3, 1000])))
        except GarbageError:
            outcome = None
        if outcome:
            assert outcome.detail.isprintable()
            assert len(outcome.detail) <= 160
