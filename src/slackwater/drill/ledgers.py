"""What the apps of all instances carried out, of those too that are gone: their ledgers are kept open."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import BinaryIO

from slackwater.drill.declared import LEDGER
from slackwater.lab.host import LabHost


def on_disk(host: LabHost) -> Path:
    """Where this machine sees it, whether the host is on, off or has crashed."""
    return host.directory / "disk/upper" / LEDGER.lstrip("/")


class Ledgers:
    """`find` gives the ledger of each instance that is there, which may not exist yet.

    A file that is open can be read when the host and its disk are gone: what an app wrote last is not missed.
    """

    def __init__(self, find: Callable[[], Mapping[str, Path]]) -> None:
        self._find = find
        self._open: dict[str, BinaryIO] = {}
        self._read: dict[str, bytes] = {}

    def look(self) -> None:
        """Often enough to open each before its host is gone."""
        there = self._find()
        for instance, path in there.items():
            if instance not in self._open and instance not in self._read and path.exists():
                self._open[instance] = path.open("rb")
        for instance in [one for one in self._open if one not in there]:
            self._read[instance] = self._close(instance)

    def texts(self) -> list[str]:
        """One an instance, whole as of now."""
        now = [_whole(file) for file in self._open.values()]
        return [text.decode() for text in (*self._read.values(), *now)]

    def close(self) -> None:
        for instance in list(self._open):
            self._close(instance)

    def _close(self, instance: str) -> bytes:
        with self._open.pop(instance) as file:
            return _whole(file)


def _whole(file: BinaryIO) -> bytes:
    file.seek(0)
    return file.read()
