"""Whether a lab's balancer speaks TLS, asked of the one thing that knows: its port."""

from __future__ import annotations

import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from slackwater.lab.status import speaks_tls


@pytest.fixture
def listening() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server


def test_a_port_with_a_self_signed_certificate_does(listening: socket.socket, tmp_path: Path) -> None:
    """The lab's is one."""
    words = "openssl req -x509 -newkey rsa:2048 -nodes -days 9 -subj /CN=lab -keyout both.pem -out chain.pem"
    subprocess.run(words.split(), cwd=tmp_path, check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "chain.pem", tmp_path / "both.pem")
    thread = threading.Thread(target=lambda: context.wrap_socket(listening.accept()[0], server_side=True).close())
    thread.start()

    assert speaks_tls("127.0.0.1", listening.getsockname()[1])

    thread.join()


def test_a_port_that_closes_does_not(listening: socket.socket) -> None:
    """As nginx does when it knows no TLS there."""
    thread = threading.Thread(target=close_the_next, args=[listening])
    thread.start()

    assert not speaks_tls("127.0.0.1", listening.getsockname()[1])

    thread.join()


def test_nobody_there_does_not() -> None:
    """A lab that is not converged yet."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]

    assert not speaks_tls("127.0.0.1", port)


def close_the_next(listening: socket.socket) -> None:
    listening.accept()[0].close()
