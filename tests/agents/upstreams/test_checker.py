"""Probes of real servers that behave badly in every way; each is bounded, and says what it met."""

from __future__ import annotations

import asyncio
import errno
import random
import socket
import ssl
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from slackwater.agents.upstreams.checker.checker import Checker
from slackwater.agents.upstreams.checker.outcome import Outcome, Question, broken, late
from slackwater.agents.upstreams.checker.prober import MOST_USES
from slackwater.agents.upstreams.configuration import Checks
from slackwater.agents.upstreams.members import Place
from tests.agents.upstreams import world
from tests.agents.upstreams.world import POLL, Backend, Behaviour, until
from tests.ports import ports

CHECKS = Checks(interval=0.05, timeout=0.1, ready_interval=0.05, ready=None)


class Heard:
    """What a checker has reported so far."""

    def __init__(self) -> None:
        self.all: list[tuple[Place, Question, Outcome]] = []

    def __call__(self, place: Place, question: Question, outcome: Outcome) -> None:
        self.all.append((place, question, outcome))

    @property
    def words(self) -> list[str]:
        return [outcome.detail or str(outcome.result) for _, _, outcome in self.all]


async def heard_of(port: int, checks: Checks = CHECKS, count: int = 3, address: str = "127.0.0.1") -> list[str]:
    heard = Heard()
    checker = Checker(checks, heard, lambda: 0.5)
    checker.follow([Place(address, port)])
    await until(lambda: len(heard.all) >= count)
    checker.stop()
    return heard.words[:count]


async def met(behave: Behaviour, checks: Checks = CHECKS) -> list[str]:
    backend = await Backend(behave).start()
    words = await heard_of(backend.port, checks)
    await backend.stop()
    return words


@pytest.mark.parametrize(
    ("behave", "expected"),
    [
        (world.OK, "good"),
        (world.DRAINING, "draining"),
        (world.says(500, b"oh no"), "500: oh no"),
        (world.silence, "no answer within 0.1 s"),
        (world.slow_body, "no whole answer within 0.1 s"),
        (world.after(1, world.OK), "no answer within 0.1 s"),
        (world.garbage, "no HTTP: b'SSH-2.0-OpenSSH_9.2'"),
        (world.hang_up, "closed without an answer"),
        (world.endless_body, "good"),
    ],
)
def test_every_behaviour_ends_in_a_word(behave: Behaviour, expected: str) -> None:
    """Within the timeout, the first time and again."""
    assert [expected] * 3 == asyncio.run(met(behave))


def test_an_endless_head_ends() -> None:
    """By its length or by the timeout, whichever comes first."""
    words = asyncio.run(met(world.endless_head))

    assert all(word.startswith(("no HTTP: ", "no whole head within")) for word in words)


def test_nobody_listens() -> None:
    """A closed port is refused at once."""
    assert ["connection refused"] * 3 == asyncio.run(heard_of(*ports(1)))


def test_a_full_queue_is_late() -> None:
    """Accepted by nobody: the kernel lets it wait, the probe does not."""

    async def run() -> list[str]:
        with socket.socket() as listening:
            listening.bind(("127.0.0.1", 0))
            listening.listen(0)
            return await heard_of(listening.getsockname()[1], count=4)

    assert {"no answer within 0.1 s", "no connection within 0.1 s"} >= set(asyncio.run(run()))


def test_who_is_gone_is_found_out_by_the_connection() -> None:
    """A kept connection that falls silent costs its one question; those after it wait a second, not the timeout."""
    checks = Checks(interval=0.2, timeout=4, ready=None)

    async def run() -> tuple[list[str], float]:
        with socket.socket() as listening, socket.socket() as waiting, socket.socket() as more:
            listening.bind(("127.0.0.1", 0))
            listening.listen(0)
            listening.setblocking(False)
            heard, loop = Heard(), asyncio.get_running_loop()
            checker = Checker(checks, heard, lambda: 0.0)
            checker.follow([Place(*listening.getsockname())])
            kept, _ = await loop.sock_accept(listening)
            await loop.sock_recv(kept, 1000)
            for other in (waiting, more):
                other.setblocking(False)
                other.connect_ex(listening.getsockname())
            await loop.sock_sendall(kept, world.response(200))
            await until(lambda: heard.all)
            begun = time.monotonic()
            await until(lambda: len(heard.all) == 4)
            checker.stop()
            kept.close()
            return heard.words, time.monotonic() - begun

    words, seconds = asyncio.run(run())

    assert ["good", *["no connection within 1 s"] * 3] == words
    assert 1.6 <= seconds < checks.timeout


def test_questions_do_not_wait_for_answers() -> None:
    """A silent backend is found out after `fall` intervals and one timeout, not after `fall` timeouts."""

    async def run() -> float:
        backend = await Backend(world.silence).start()
        begun = time.monotonic()
        await heard_of(backend.port, Checks(interval=0.2, timeout=1.5, ready=None), count=3)
        return time.monotonic() - begun

    assert 1.8 <= asyncio.run(run()) < 2 * 1.5


class Noting(asyncio.SelectorEventLoop):
    """Notes after how long it is to do something."""

    def __init__(self) -> None:
        super().__init__()
        self.delays: list[float] = []

    def call_later(self, delay: float, *more: Any, **words: Any) -> asyncio.TimerHandle:
        self.delays.append(delay)
        return super().call_later(delay, *more, **words)


def test_intervals_differ_and_are_never_longer() -> None:
    """Probes of many backends do not fall into step, and a silent one is not found out later for it."""
    checks, heard = Checks(interval=0.1, timeout=7, ready=None), Heard()

    async def run() -> None:
        backend = await Backend().start()
        checker = Checker(checks, heard, random.Random(4).random)
        checker.follow([Place("127.0.0.1", backend.port)])
        await until(lambda: len(heard.all) == 8)
        checker.stop()

    with asyncio.Runner(loop_factory=Noting) as runner:
        runner.run(run())
        delays = runner.get_loop().delays  # type: ignore[attr-defined]
    intervals = [delay for delay in delays if delay not in {0, POLL, checks.timeout}]

    assert 8 <= len(intervals) == len(set(intervals))
    assert 0.09 <= min(intervals) < 0.095
    assert 0.095 < max(intervals) <= 0.1


def test_connections_are_kept_and_renewed() -> None:
    """One connection for many questions, and a new one now and then: who accepts nobody any more is found out."""

    async def run() -> tuple[int, int]:
        backend = await Backend().start()
        await heard_of(backend.port, Checks(interval=0.05, timeout=0.5, ready=None), count=MOST_USES + 5)
        return backend.connections, backend.asked["/.slackwater/live"]

    connections, asked = asyncio.run(run())

    assert 2 == connections
    assert asked >= MOST_USES + 5


def test_a_kept_connection_that_was_closed_is_no_bad_sign() -> None:
    """The backend closes idle connections, or restarts between two questions: asked again on a new one."""

    async def closing(path: str, stream: asyncio.StreamWriter) -> None:
        await world.OK(path, stream)
        await stream.drain()
        asyncio.get_running_loop().call_later(0.01, stream.close)

    assert ["good"] * 3 == asyncio.run(met(closing))


def test_both_questions_are_asked() -> None:
    """Each on its own connection and at its own interval."""

    async def run() -> dict[str, int]:
        backend = await Backend().start()
        await heard_of(backend.port, Checks(interval=0.02, timeout=0.5, ready_interval=0.1), count=12)
        return backend.asked

    asked = asyncio.run(run())

    assert 8 <= asked["/.slackwater/live"] <= 11
    assert 1 <= asked["/.slackwater/ready"] <= 3


def test_who_is_no_longer_followed_is_not_asked() -> None:
    """Nor reported, though its answer was under way."""

    async def run() -> list[str]:
        backend, heard = await Backend(world.after(0.05, world.OK)).start(), Heard()
        checker = Checker(CHECKS, heard, lambda: 0.5)
        checker.follow([Place("127.0.0.1", backend.port)])
        await until(lambda: backend.asked)
        checker.follow([])
        await asyncio.sleep(0.2)
        return heard.words

    assert [] == asyncio.run(run())


def test_the_balancers_own_trouble_is_nobodys_fault() -> None:
    """No file left: unknown, not bad. Every other failure is the backend's."""
    assert "unknown" == broken(OSError(errno.EMFILE, "too many")).result
    assert "bad" == broken(OSError(errno.EHOSTUNREACH, "no route")).result
    assert "bad" == broken(None).result


def test_what_was_heard() -> None:
    """Wrong TLS is an answer; a refusal, a reset and an end come from a kernel that is there; no route is silence."""
    gone = (ConnectionRefusedError(errno.ECONNREFUSED, ""), ConnectionResetError(errno.ECONNRESET, ""), None)
    silent = (OSError(errno.EHOSTUNREACH, ""), OSError(errno.ENETUNREACH, ""), TimeoutError(errno.ETIMEDOUT, ""))
    wrong_tls = broken(ssl.SSLError(1, "wrong version number"))

    assert (True, False) == (wrong_tls.heard, wrong_tls.silent)
    assert {(False, False)} == {(broken(error).heard, broken(error).silent) for error in gone}
    assert {(False, True)} == {(broken(error).heard, broken(error).silent) for error in silent}
    assert (False, True) == (late(1, "no answer").heard, late(1, "no answer").silent)
    assert (True, False) == (late(1, "no whole head").heard, late(1, "no whole head").silent)


def test_backends_may_speak_tls(tmp_path: Path) -> None:
    """With any certificate; one that speaks plain HTTP instead is bad."""
    files = [str(tmp_path / name) for name in ("key.pem", "cert.pem")]
    words = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    words += ["-keyout", files[0], "-out", files[1], "-subj", "/CN=backend", "-days", "2"]
    subprocess.run(words, check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(files[1], files[0])
    checks = Checks(interval=0.05, timeout=1, ready=None, tls=True)

    async def run() -> tuple[list[str], list[str]]:
        async def serve(reader: asyncio.StreamReader, stream: asyncio.StreamWriter) -> None:
            while await reader.readuntil(b"\r\n\r\n"):
                await world.OK("/", stream)

        server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
        good = await heard_of(server.sockets[0].getsockname()[1], checks)
        server.close()
        plain = await Backend().start()
        return good, await heard_of(plain.port, checks)

    good, plain = asyncio.run(run())

    assert ["good"] * 3 == good
    assert "good" not in plain
