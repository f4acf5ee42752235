"""Questions to a slot, on real sockets."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from slackwater.agents.slots import probe


@pytest.fixture
def server(tmp_path: Path) -> Iterator[tuple[Path, list[bytes]]]:
    """A real server on a unix socket that gives each connection the next answer."""
    path, answers = tmp_path / "slot.sock", []
    listening = socket.socket(socket.AF_UNIX)
    listening.bind(str(path))
    listening.listen()

    def serve() -> None:
        while True:
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            with connection:
                connection.recv(65536)
                connection.sendall(answers.pop(0))

    thread = threading.Thread(target=serve)
    thread.start()
    yield path, answers
    listening.shutdown(socket.SHUT_RDWR)
    listening.close()
    thread.join()


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", ""),
        (b"HTTP/1.1 204 No Content\r\n\r\n", ""),
        (b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 5\r\n\r\nno db", "503 Service Unavailable: no db"),
        (b"HTTP/1.1 302 Found\r\nLocation: /login\r\nContent-Length: 0\r\n\r\n", "302 Found: "),
        (b"not http at all\r\n\r\n", "no answer (not http at all\r\n)"),
        (b"", "no answer (Remote end closed connection without response)"),
    ],
)
def test_only_a_2xx_is_ready(server: tuple[Path, list[bytes]], answer: bytes, expected: str) -> None:
    """Anything but 2xx is told as it came, so that the operator reads the app's own reason."""
    path, answers = server
    answers.append(answer)

    assert expected == probe.ask(path, "/health/ready", "localhost", 2)


def test_a_socket_that_is_not_there_is_no_answer(tmp_path: Path) -> None:
    """The probe says so instead of raising."""
    assert probe.ask(tmp_path / "none.sock", "/", "localhost", 1).startswith("no answer (")


def test_connections_of_a_slot_are_counted_by_the_kernel(tmp_path: Path) -> None:
    """Accepted ones count, idle or not, and so do those that still wait to be; the listening socket itself does not."""
    path = tmp_path / "slot.sock"
    listening = socket.socket(socket.AF_UNIX)
    listening.bind(str(path))
    listening.listen()
    counts = [probe.connections(path)]
    clients = [socket.socket(socket.AF_UNIX) for _ in range(2)]
    clients[0].connect(str(path))
    accepted, _ = listening.accept()
    counts.append(probe.connections(path))
    clients[1].connect(str(path))
    counts.append(probe.connections(path))
    for connection in (*clients, accepted, listening):
        connection.close()
    counts.append(probe.connections(path))

    assert [0, 1, 2, 0] == counts


def test_a_full_queue_is_no_sign_of_a_lost_socket(tmp_path: Path) -> None:
    """Held, full and gone are told apart: a busy app must not be restarted."""
    path = tmp_path / "slot.sock"
    listening = socket.socket(socket.AF_UNIX)
    listening.bind(str(path))
    listening.listen(0)
    waiting = socket.socket(socket.AF_UNIX)
    waiting.connect(str(path))
    answers = [probe.listening(path)]
    listening.close()
    answers.append(probe.listening(path))
    path.unlink()
    answers.append(probe.listening(path))
    waiting.close()

    assert [True, False, False] == answers
