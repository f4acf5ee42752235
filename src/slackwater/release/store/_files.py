"""Files: what the house asks of a store."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol


class Files(Protocol):
    """Keys are text such as "shop/2026-11-21.1.json". Every method raises ReleaseError when the store cannot be used.

    A reader meets a whole file or none. Of several who `create` or `replace` the same key at once, one succeeds.
    """

    @property
    def name(self) -> str:
        """How messages call the store."""
        ...

    def read(self, key: str) -> bytes | None:
        """None when nothing is there."""
        ...

    def write(self, key: str, data: bytes) -> None: ...

    def create(self, key: str, data: bytes) -> bool:
        """False when something is there already."""
        ...

    def replace(self, key: str, old: bytes, new: bytes) -> bool:
        """False when what is there is not `old`."""
        ...

    def remove(self, key: str, old: bytes | None = None) -> bool:
        """False when nothing is there, or when it is not `old`."""
        ...

    def keys(self, prefix: str) -> list[str]:
        """Every key that begins with `prefix`, sorted."""
        ...

    def upload(self, path: Path, key: str) -> None: ...

    def download(self, key: str, path: Path) -> None:
        """Raises ReleaseError too when nothing is there."""
        ...
