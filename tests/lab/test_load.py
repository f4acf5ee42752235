"""The loss counter, against real servers that answer, refuse, break off and close."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import BinaryIO

from slackwater.lab.load import Load, Result, run

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
BUSY = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 4\r\n\r\nbusy"
CUT = b"HTTP/1.1 200 OK\r\nContent-Length: 200\r\n\r\nonly this"


class Server:
    """`answer(number)` is what the numberth request gets; b"" breaks off, and so does an answer that is cut short."""

    def __init__(self, answer: Callable[[int], bytes]) -> None:
        self.answer, self.requests, self.connections = answer, 0, 0
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
    def head(stream: BinaryIO) -> bytes:
        """The request's lines; nothing once the client has closed."""
        lines = []
        while (line := stream.readline()) not in (b"\r\n", b""):
            lines.append(line)
        return b"".join(lines)

    def serve(self, connection: socket.socket) -> None:
        with connection, connection.makefile("rb") as stream:
            while head := self.head(stream):
                if b"Content-Length: 2" in head:
                    stream.read(2)
                with self.lock:
                    self.requests += 1
                    answer = self.answer(self.requests)
                connection.sendall(answer)
                if answer in (b"", CUT) or b"Connection: close" in head:
                    return


@contextmanager
def server(answer: Callable[[int], bytes]) -> Iterator[Server]:
    made = Server(answer)
    thread = threading.Thread(target=made.accept)
    thread.start()
    try:
        yield made
    finally:
        made.listening.shutdown(socket.SHUT_RDWR)
        made.listening.close()
        thread.join()


def counted(answer: Callable[[int], bytes], **words: float) -> tuple[Result, Server]:
    with server(answer) as made:
        return run(Load(made.url, rate=200, seconds=0.5, **words)), made


def test_what_is_answered_is_not_lost() -> None:
    """Every request is sent once, about half of them POST, and each delay is kept."""
    result, made = counted(lambda number: OK)

    assert (100, 100, {}) == (sum(result.sent.values()), made.requests, dict(result.lost))
    assert 100 == len(result.delays)
    assert 30 < result.sent["POST"] < 70


def test_every_other_status_is_lost_with_its_name() -> None:
    """One in four is 503."""
    result, _ = counted(lambda number: BUSY if number % 4 == 0 else OK, posts=0.0)

    assert {"GET": 25} == dict(result.lost)
    assert {"GET: 503": 25} == dict(result.reasons)


def test_an_answer_that_breaks_off_is_lost_and_never_tried_again() -> None:
    """With nothing or half a body: the server has seen each request once."""
    result, made = counted(lambda number: (b"", CUT)[number % 2] if number <= 20 else OK, keepalive=0.0)

    assert (20, 100) == (sum(result.lost.values()), made.requests)
    assert 20 == sum(count for reason, count in result.reasons.items() if "IncompleteReadError" in reason)


def test_kept_connections_are_used_again() -> None:
    """As a browser does; without keepalive each request has its own."""
    kept = counted(lambda number: OK, keepalive=1.0)[1]
    fresh = counted(lambda number: OK, keepalive=0.0)[1]

    assert (100, 100) == (kept.requests, fresh.connections)
    assert kept.connections < 50


def test_a_server_that_is_not_there_loses_everything() -> None:
    """And the run ends by itself."""
    with server(lambda number: OK) as made:
        url = made.url
    result = run(Load(url, rate=100, seconds=0.2))

    assert 20 == sum(result.lost.values())
    assert 0.0 == result.percentile(0.99)
