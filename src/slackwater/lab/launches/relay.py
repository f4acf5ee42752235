"""A way from a lab's hosts to a server that listens on this machine's loopback only."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from slackwater.lab.metadata.place import listening

CHUNK = 1 << 16


@contextmanager
def relay(address: str, target: tuple[str, int]) -> Iterator[str]:
    """The URL at which it is reached from there, until the block ends."""
    door = listening(address)
    threading.Thread(target=_serve, args=(door, target), daemon=True).start()
    try:
        yield "http://{}:{}".format(*door.getsockname())
    finally:
        door.shutdown(socket.SHUT_RDWR)  # closed alone, it would let in one more whom its thread waits for
        door.close()


def _serve(door: socket.socket, target: tuple[str, int]) -> None:
    with suppress(OSError):
        while True:
            client, _ = door.accept()
            server = socket.create_connection(target)
            for ends in ((client, server), (server, client)):
                threading.Thread(target=_pump, args=ends, daemon=True).start()


def _pump(source: socket.socket, sink: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(CHUNK):
            sink.sendall(data)
    with suppress(OSError):
        sink.shutdown(socket.SHUT_WR)
