"""Where the metadata service listens: at any address of this machine, or at 169.254.169.254 inside a lab's network."""

from __future__ import annotations

import ctypes
import os
import socket
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from slackwater.errors import LabError
from slackwater.lab.addressing import METADATA, Network
from slackwater.lab.metadata.service import PORT
from slackwater.lab.network import NAMESPACES

CLONE_NEWNET = 0x40000000
BACKLOG = 128


def listening(address: str = "127.0.0.1", port: int = 0) -> socket.socket:
    made = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        made.bind((address, port))
        made.listen(BACKLOG)
    except OSError as error:
        made.close()
        raise LabError(f"the metadata service cannot listen at {address}:{port}: {error}") from error
    return made


def in_lab(network: Network, port: int = PORT) -> socket.socket:
    """On the lab's bridge, where all its hosts reach it and nobody else."""
    return _inside(network.fabric, lambda: listening(METADATA, port))


def _inside(namespace: str, make: Callable[[], socket.socket]) -> socket.socket:
    """A socket stays in the namespace in which it was made; only the thread that makes it goes there."""
    with ThreadPoolExecutor(1) as own_thread:
        return own_thread.submit(_enter_and_make, namespace, make).result()


def _enter_and_make(namespace: str, make: Callable[[], socket.socket]) -> socket.socket:
    descriptor = os.open(NAMESPACES / namespace, os.O_RDONLY)
    try:
        if ctypes.CDLL(None, use_errno=True).setns(descriptor, CLONE_NEWNET):
            raise LabError(f"{namespace} cannot be entered: {os.strerror(ctypes.get_errno())}")
        return make()
    finally:
        os.close(descriptor)
