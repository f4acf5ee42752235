"""The loss counter, against real servers that answer, refuse, break off, mix up and close."""

from __future__ import annotations

import json
import re
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from math import inf
from typing import Any, BinaryIO

import pytest
from click.testing import CliRunner
from websockets.sync.server import ServerConnection, serve

from slackwater.errors import LabError
from slackwater.lab.cli import lab
from slackwater.lab.load import Load, Result, run, running, twice

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
BUSY = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 4\r\n\r\nbusy"
CUT = b"HTTP/1.1 200 OK\r\nContent-Length: 200\r\n\r\nonly this"
NO_HTTP = b"SSH-2.0-server\r\n\r\n"
ANOTHERS = "load00000000-7"

Answer = Callable[[int, str], bytes]
"""What the numberth request, of this id, gets; b"" breaks off, and so does an answer that is cut short."""


def ok(number: int, name: str) -> bytes:
    return OK


def said(**words: str) -> bytes:
    body = json.dumps(words).encode()
    return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)


class Server:
    """`ledger` has the ids of all POSTs, a line each, as an app's has; an idle connection is closed after `linger`."""

    def __init__(self, answer: Answer, linger: float | None = None) -> None:
        self.linger = linger
        self.answer, self.requests, self.connections, self.ledger = answer, 0, 0, ""
        self.lock = threading.Lock()
        self.listening = socket.create_server(("127.0.0.1", 0), backlog=256)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.listening.getsockname()[1]}/"

    def accept(self) -> None:
        while True:
            try:
                connection, _ = self.listening.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self.serve, args=(connection,)).start()

    @staticmethod
    def head(stream: BinaryIO) -> str:
        """The request's lines; nothing once the client has closed."""
        lines = []
        while (line := stream.readline()) not in (b"\r\n", b""):
            lines.append(line)
        return b"".join(lines).decode()

    def serve(self, connection: socket.socket) -> None:
        connection.settimeout(self.linger)
        with suppress(TimeoutError), connection, connection.makefile("rb") as stream:
            while head := self.head(stream):
                stream.read(2 * ("Content-Length: 2" in head))
                connection.sendall(answer := self.answered(head))
                if answer in (b"", CUT) or "Connection: close" in head:
                    return

    def answered(self, head: str) -> bytes:
        (name,) = re.findall(r"X-Request-ID: (\S+)", head)
        with self.lock:
            self.requests += 1
            self.ledger += f"{name}\n" if head.startswith("POST") else ""
            return self.answer(self.requests, name)


@contextmanager
def server(answer: Answer, linger: float | None = None) -> Iterator[Server]:
    made = Server(answer, linger)
    thread = threading.Thread(target=made.accept)
    thread.start()
    try:
        yield made
    finally:
        made.listening.shutdown(socket.SHUT_RDWR)
        made.listening.close()
        thread.join()


def counted(answer: Answer, linger: float | None = None, **words: Any) -> tuple[Result, Server]:
    with server(answer, linger) as made:
        return run(Load(made.url, **{"rate": 200, "seconds": 0.5, **words})), made


def reasons(result: Result) -> dict[str, int]:
    """Of all methods together."""
    found: Counter[str] = Counter()
    for reason, count in result.reasons.items():
        found[reason.partition(": ")[2]] += count
    return dict(found)


@contextmanager
def websocket_server(talk: Callable[[ServerConnection], None]) -> Iterator[str]:
    with serve(talk, "127.0.0.1", 0) as made:
        thread = threading.Thread(target=made.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{made.socket.getsockname()[1]}/"
        made.shutdown()
        thread.join()


def visited(talk: Callable[[ServerConnection], None], seconds: float = 0.5) -> Result:
    with websocket_server(talk) as url:
        return run(Load(url, rate=0, seconds=seconds, websockets=3))


def test_what_is_answered_is_not_lost() -> None:
    """Every request is sent once, about half of them POST, and each delay is kept."""
    result, made = counted(ok)

    assert (100, 100, {}) == (sum(result.sent.values()), made.requests, dict(result.lost))
    assert 100 == len(result.delays)
    assert 30 < result.sent["POST"] < 70
    assert result.is_clean


def test_every_other_status_is_lost_with_its_name() -> None:
    """One in four is 503."""
    result, _ = counted(lambda number, _: BUSY if number % 4 == 0 else OK, posts=0.0)

    assert {"GET": 25} == dict(result.lost)
    assert {"GET: 503": 25} == dict(result.reasons)
    assert not result.is_clean


def test_an_answer_that_breaks_off_is_lost_and_never_tried_again() -> None:
    """With nothing or half a body: the server has seen each request once."""
    result, made = counted(lambda number, _: (b"", CUT)[number % 2] if number <= 20 else OK, keepalive=0.0)

    assert (20, 100) == (sum(result.lost.values()), made.requests)
    assert {"closed before the answer": 10, "broken off in the answer": 10} == reasons(result)


def test_what_is_no_http_is_lost() -> None:
    """Whoever listens there is not the fleet."""
    result, _ = counted(lambda number, _: NO_HTTP)

    assert {"the answer is no HTTP": 100} == reasons(result)


def test_an_interim_answer_is_not_the_answer() -> None:
    """A proxy may say 100 Continue first."""
    result, _ = counted(lambda number, _: b"HTTP/1.1 100 Continue\r\n\r\n" + BUSY)

    assert {"503": 100} == reasons(result)


def test_kept_connections_are_used_again() -> None:
    """As a browser does; without keepalive each request has its own."""
    kept = counted(ok, keepalive=1.0)[1]
    fresh = counted(ok, keepalive=0.0)[1]

    assert (100, 100) == (kept.requests, fresh.connections)
    assert kept.connections < 100


def test_a_server_that_is_not_there_loses_everything() -> None:
    """And the run ends by itself."""
    with server(ok) as made:
        url = made.url
    result = run(Load(url, rate=100, seconds=0.2))

    assert 20 == sum(result.lost.values())
    assert 0.0 == result.percentile(0.99)


@pytest.mark.parametrize(("rtt", "lost"), [(0.0, set()), (1.0, {"closed before the answer, on a kept connection"})])
def test_a_kept_connection_that_closes_within_a_round_trip_costs_its_request(rtt: float, lost: set[str]) -> None:
    """The server closes what is idle for 1.5 s, and the second request comes after 2 s: from next door one sees that in
    time, from 1 s away, where the first answer came a second later, it still looks open."""
    result, _ = counted(ok, rate=0.5, seconds=4, keepalive=1.0, rtt=rtt, linger=1.5)

    assert lost == set(reasons(result))


def test_a_round_trip_is_part_of_each_delay() -> None:
    """For new connections and kept ones."""
    result, _ = counted(ok, rtt=0.1)

    assert min(result.delays) >= 0.1


def test_the_answer_to_another_request_is_no_answer() -> None:
    """In the body or the header; an id of the app's own is no request's."""
    header = OK.replace(b"\r\n\r\n", f"\r\nX-Request-ID: {ANOTHERS}\r\n\r\n".encode())
    kinds = (lambda name: said(id=ANOTHERS), lambda name: header, lambda name: said(id=name), lambda name: said(id="7"))
    result, _ = counted(lambda number, name: kinds[number % 4](name), posts=0.0)

    assert {"GET: the answer to another request": 50} == dict(result.mismatched)
    assert (50, {}) == (len(result.delays), dict(result.lost))
    assert not result.is_clean


def test_a_second_answer_is_counted() -> None:
    """On a kept connection and on one that closes."""
    result, _ = counted(lambda number, _: OK + OK if number <= 10 else OK)

    assert {"an answer that nobody asked for": 10} == dict(result.mismatched)


def test_what_was_carried_out_twice_is_found_over_all_hosts() -> None:
    """As when a balancer sends a POST to a second host; ids of earlier runs do not matter."""
    result, made = counted(ok, posts=1.0)
    first, second, *_ = made.ledger.splitlines()
    ledgers = [made.ledger + f"{first}\n{ANOTHERS}\n{ANOTHERS}\n", f"{first}\n{second}\n"]

    assert {first: 3, second: 2} == result.check(ledgers).twice
    assert {first: 3, second: 2, ANOTHERS: 2} == twice(ledgers)
    assert (frozenset(), frozenset()) == (result.check(ledgers).never, result.check(ledgers).unanswered)


def test_a_post_that_was_answered_but_never_carried_out_is_found() -> None:
    """And one that was carried out while its client heard of a failure."""
    result, made = counted(lambda number, _: BUSY if number == 1 else OK, posts=1.0)
    failed, missing, *rest = made.ledger.splitlines()
    found = result.check(["\n".join([failed, *rest])])

    assert ({}, {missing}, {failed}) == (dict(found.twice), found.never, found.unanswered)


def test_two_runs_never_share_an_id() -> None:
    """One host's ledger outlives a run: what two runs did would look like something done twice."""
    ledgers = [counted(ok, posts=1.0)[1].ledger for _ in range(2)]

    assert {} == twice(ledgers)


def test_each_release_is_remembered_with_its_moments() -> None:
    """The first answer of the new one, and when the last request was sent that the old one answered."""
    began = time.monotonic()
    result, _ = counted(lambda number, name: said(id=name, release="r1" if number <= 50 else "r2"), rtt=0.02)

    assert {"r1": 50, "r2": 50} == result.summary()["releases"]
    assert began < result.last_sent_to("r1") < result.first_answer_of("r2") < time.monotonic()
    assert (-inf, inf) == (result.last_sent_to("r3"), result.first_answer_of("r3"))


def test_each_instance_is_remembered_with_its_moments() -> None:
    """Who answered first and last; an answer that names nobody is nobody's."""
    began = time.monotonic()
    result, _ = counted(lambda number, name: said(id=name, instance="a") if number <= 60 else ok(number, name))
    seen = result.instances["a"]

    assert ["a"] == list(result.instances)
    assert 60 == seen.count
    assert 30 > result.longest[0].seconds >= result.longest[-1].seconds >= 0
    assert began < seen.first_answer < seen.last_answer < time.monotonic()


def test_requests_beyond_the_graceful_timeout_are_counted_apart() -> None:
    """What is lost of them says something else than a lost quick one."""
    result, _ = counted(lambda number, _: BUSY, posts=0.0, long=0.3, long_ms=1)

    assert 10 < result.lost["GET long"] < 50
    assert 100 == result.lost["GET"] + result.lost["GET long"]


def test_a_load_goes_on_until_it_is_told() -> None:
    """Its result grows meanwhile, and stopping it twice is once."""
    with server(ok) as made, running(Load(made.url, rate=100, seconds=60)) as traffic:
        while sum(traffic.result.sent.values()) < 30:
            time.sleep(0.01)
        began = time.monotonic()
        result = traffic.stop()

    assert result is traffic.stop()
    assert time.monotonic() - began < 5
    assert (made.requests, {}) == (sum(result.sent.values()), dict(result.lost))


def test_a_load_ends_by_itself() -> None:
    """Nobody needs to stop it: its seconds bound it."""
    with server(ok) as made, running(Load(made.url, rate=100, seconds=0.3)) as traffic:
        result = traffic._done.result(10)

    assert 30 == sum(result.sent.values())


def test_websockets_stay_open_and_talk() -> None:
    """What they do is no request; our own goodbye is no close of the server's."""
    result = visited(lambda client: [client.send(each) for each in client] and None)

    assert (3, 3, {}) == (result.websockets.opened, result.websockets.messages, dict(result.websockets.closes))
    assert result.is_clean


@pytest.mark.parametrize(("code", "cut"), [(1012, False), (1001, False), (1011, True)])
def test_a_closed_websocket_comes_back(code: int, cut: bool) -> None:
    """It is counted by its code; an error's code is a cut."""
    result = visited(lambda client: client.close(code), seconds=2)
    found = result.websockets

    assert {str(code)} == set(found.closes)
    assert found.opened > 3
    assert cut == bool(found.cut) == (not result.is_clean)


def test_a_websocket_that_ends_without_a_close_frame_is_cut() -> None:
    """As when its worker is killed."""
    result = visited(lambda client: client.socket.shutdown(socket.SHUT_RDWR))

    assert {"no close frame"} == set(result.websockets.closes)
    assert result.websockets.cut >= 3


def test_a_refused_websocket_is_a_lost_request() -> None:
    """The fleet was asked, and did not answer with 101."""
    with server(lambda number, _: OK) as made:
        made.answered = lambda head: BUSY  # type: ignore[method-assign]
        result = run(Load(made.url, rate=0, seconds=0.3, websockets=3))

    assert result.lost["WebSocket"] >= 3
    assert {"InvalidStatus"} == set(reasons(result))


@pytest.mark.parametrize("url", ["https://127.0.0.1/", "127.0.0.1:80", "http://"])
def test_only_plain_http_is_loaded(url: str) -> None:
    """TLS would be measured with it."""
    with pytest.raises(LabError, match="must be plain HTTP"):
        Load(url)


def test_a_share_is_from_0_to_1() -> None:
    """50 is no share."""
    with pytest.raises(LabError, match="share posts is 50: it must be from 0 to 1"):
        Load("http://127.0.0.1/", posts=50)


@pytest.mark.parametrize(("answer", "status"), [(OK, 0), (BUSY, 1)])
def test_the_command_says_by_its_status_whether_something_was_lost(answer: bytes, status: int) -> None:
    """And prints the summary as JSON."""
    with server(lambda number, _: answer) as made:
        words = ["load", made.url, "--rate", "100", "--seconds", "0.2", "--rtt", "5", "--json"]
        done = CliRunner().invoke(lab, words)

    assert status == done.exit_code, done.output
    assert (20, 20 * status) == (json.loads(done.output)["sent"], json.loads(done.output)["lost"])
