"""Where the store's archives lie on this machine."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Protocol

from slackwater.errors import ReleaseError
from slackwater.release._manifest import Manifest
from slackwater.release._pack import sha256
from slackwater.release.store import DirectoryFiles, Files
from slackwater.release.store._atomic import PARTIAL


class Shelf(Protocol):
    @property
    def root(self) -> Path: ...

    def keep(self, packed: Path, manifest: Manifest) -> Path:
        """Brings an archive into the store; where it then lies on this machine."""
        ...

    def fetched(self, manifest: Manifest) -> Path:
        """The verified archive; raises ReleaseError when it is not the one that was built."""
        ...


@dataclass(frozen=True)
class InPlace:
    """The store is a directory of this machine."""

    files: DirectoryFiles

    @property
    def root(self) -> Path:
        return self.files.root

    def keep(self, packed: Path, manifest: Manifest) -> Path:
        self.files.upload(packed, manifest.archive)
        return self.files.path(manifest.archive)

    def fetched(self, manifest: Manifest) -> Path:
        path = self.files.path(manifest.archive)
        if not path.is_file():
            raise ReleaseError(f"release {manifest.id}: {path} is missing. {_mend(manifest)}")
        _verify(path, manifest, str(path))
        return path


@dataclass(frozen=True)
class Cached:
    """The store is elsewhere, and `root` holds what was fetched from it."""

    files: Files
    root: Path

    def keep(self, packed: Path, manifest: Manifest) -> Path:
        DirectoryFiles(self.root).upload(packed, manifest.archive)
        self.files.upload(packed, manifest.archive)
        return self.root / manifest.archive

    def fetched(self, manifest: Manifest) -> Path:
        """What lies here and is not right is fetched again: only the store's own copy counts."""
        path = self.root / manifest.archive
        if not (path.is_file() and sha256(path) == manifest.sha256):
            path.parent.mkdir(parents=True, exist_ok=True)
            self._fetch(manifest, path)
        return path

    def _fetch(self, manifest: Manifest, path: Path) -> None:
        """Looked at under a name of its own: nothing that was not verified ever has the archive's name."""
        with TemporaryDirectory(dir=path.parent, prefix=".", suffix=PARTIAL) as scratch:
            new = Path(scratch, path.name)
            self.files.download(manifest.archive, new)
            _verify(new, manifest, f"{self.files.name}/{manifest.archive}")
            new.replace(path)


def _verify(path: Path, manifest: Manifest, shown: str) -> None:
    if (found := sha256(path)) != manifest.sha256:
        raise ReleaseError(
            f"release {manifest.id}: {shown} has sha256 {found}, but {manifest.sha256} was built: it was changed "
            f"since. {_mend(manifest)}"
        )


def _mend(manifest: Manifest) -> str:
    return f"Put the right archive back, or remove {manifest.key} from the store and build the release anew"
