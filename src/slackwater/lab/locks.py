"""One at a time: file locks that the kernel releases when their holder dies."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path

_held: ContextVar[tuple[int, ...]] = ContextVar("_held", default=())


def held() -> tuple[int, ...]:
    """Descriptors of the locks around the caller, outermost first.

    A program that inherits them holds the locks until its own end: whoever comes next waits for it even where we are
    killed before.
    """
    return _held.get()


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Waits for whoever holds the lock. Its holder may remove the file, and does so as the last thing."""
    descriptor, around = _acquire(path), held()
    _held.set((*around, descriptor))
    try:
        yield
    finally:
        _held.set(around)
        os.close(descriptor)


@contextmanager
def locked_if_free(path: Path) -> Iterator[bool]:
    """False, without waiting, where somebody else holds the lock."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield True
    except BlockingIOError:
        yield False
    finally:
        os.close(descriptor)


def _acquire(path: Path) -> int:
    while True:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        if _is_same_file(path, descriptor):
            return descriptor
        os.close(descriptor)


def _is_same_file(path: Path, descriptor: int) -> bool:
    """False when the holder before us removed the file: a lock on it would exclude nobody."""
    try:
        return os.path.samestat(path.stat(), os.fstat(descriptor))
    except FileNotFoundError:
        return False
