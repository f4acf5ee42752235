"""What the apps of all instances carried out, of those too that are gone: their ledgers are kept open."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from slackwater.drill.declared import LEDGER
from slackwater.lab.host import LabHost


def on_disk(host: LabHost) -> Path:
    """Where this machine sees it, whether the host is on, off or has crashed."""
    return host.directory / "disk/upper" / LEDGER.lstrip("/")


class Ledgers:
    """`find` gives the ledger of each instance that is there, which may not exist yet.

    A file that is open can be read when the host and its disk are gone: what an app wrote last is not missed, be it
    after its instance was gone by the cloud's books. All stay open until `close`.
    """

    def __init__(self, find: Callable[[], Mapping[str, Path]]) -> None:
        self._find = find
        self._open: dict[str, BinaryIO] = {}

    def look(self) -> None:
        """Often enough to open each before its host is gone."""
        for instance, path in self._find().items():
            if instance not in self._open:
                with suppress(FileNotFoundError):
                    self._open[instance] = path.open("rb")

    def texts(self) -> list[str]:
        """One an instance, whole as of now."""
        return [_whole(file).decode() for file in self._open.values()]

    def close(self) -> None:
        for file in self._open.values():
            file.close()
        self._open.clear()


def _whole(file: BinaryIO) -> bytes:
    file.seek(0)
    return file.read()
