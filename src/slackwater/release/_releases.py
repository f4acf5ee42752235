"""Releases: the store as the rest of the house sees it."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from slackwater.errors import ReleaseError
from slackwater.release import _manifest, _names, _proved
from slackwater.release._build import Build, assembled, refuse_a_store_in_the_source
from slackwater.release._commit import commit
from slackwater.release._identity import identify, readable, source_directory
from slackwater.release._lock import held
from slackwater.release._manifest import Manifest, manifest_key
from slackwater.release._pack import pack, sha256
from slackwater.release._pointers import FilePointers, ParameterPointers, Pointers
from slackwater.release._proved import Proved
from slackwater.release._release import Release
from slackwater.release._shelf import Cached, InPlace, Shelf
from slackwater.release._tree import entries
from slackwater.release.store import DirectoryFiles, Files, S3Files

if TYPE_CHECKING:
    from slackwater.settings import App, Store

Say = Callable[[str], None]

CACHE = ".slackwater/cache"
"""Where archives of a store that is elsewhere lie on this machine, relative to the project."""
AT_ONCE = 8
"""Manifests read side by side: a bucket with hundreds would take many seconds one by one."""
NAMED = 5
"""Releases that a message names as an example."""


def silently(_: str) -> None:
    """For callers that show no progress."""


def open_releases(store: Store, project: Path) -> Releases:
    """The store that the settings name; nothing is read yet."""
    if store.kind == "s3":
        bucket = S3Files(store.location)
        return Releases(project, bucket, Cached(bucket, project / CACHE), ParameterPointers())
    folder = DirectoryFiles(project / store.location)
    return Releases(project, folder, InPlace(folder), FilePointers(folder))


@dataclass(frozen=True)
class Releases:
    """Every method raises ReleaseError. `files` holds what else belongs to the fleet, each under `<app>/<word>/`."""

    project: Path
    files: Files
    shelf: Shelf
    pointers: Pointers

    def source_of(self, app: App) -> str:
        """The identity of the present source: what a release built now would have as `manifest.source`."""
        return identify(app, self.project)

    def build(self, app: App, *, id: str | None = None, wheels: bool = False, say: Say = silently) -> Release:  # noqa: A002
        """The release `id` of the app's present source, built unless it is there already.

        Without an id it is named after its source. An id means one archive for ever: with another source it is refused.
        """
        build = self._build(app, id, wheels, say)
        place = self.shelf.root / app.name
        refuse_a_store_in_the_source(app, self.project, place)
        with readable(app), held(place, lambda: build.report(f"waiting for another build of {app.name}")):
            if there := self._manifest(app.name, build.id):
                return self._already(build, there)
            return self._built(build)

    def get(self, app_name: str, release: str) -> Release:
        """The release, its archive on this machine and verified."""
        manifest = self._manifest(app_name, release) if _names.is_name(release) else None
        if manifest is None:
            raise ReleaseError(f"{self.files.name} has no release {release!r} of {app_name}; {self._known(app_name)}")
        return self._fetched(manifest)

    def manifests(self, app_name: str) -> list[Manifest]:
        """Newest first."""
        ids = self._ids(app_name)
        with ThreadPoolExecutor(AT_ONCE) as pool:
            there = [each for each in pool.map(lambda id_: self._manifest(app_name, id_), ids) if each]
        return sorted(there, key=lambda manifest: (manifest.created, manifest.id), reverse=True)

    def proved(self, app_name: str, fleet: str) -> Proved | None:
        """What the fleet is meant to run; None when nothing was proved yet."""
        data = self.pointers.read(app_name, _names.checked("fleet", fleet))
        return None if data is None else _proved.parsed(data, self.pointers.where(app_name, fleet))

    def prove(self, app_name: str, fleet: str, proved: Proved) -> None:
        """Moves the fleet's pointer."""
        self.pointers.write(app_name, _names.checked("fleet", fleet), proved.dump())

    def proved_of_all(self, app_name: str) -> dict[str, Proved]:
        """By fleet."""
        found = {fleet: self.proved(app_name, fleet) for fleet in self.pointers.fleets(app_name)}
        return {fleet: proved for fleet, proved in found.items() if proved}

    def _build(self, app: App, release: str | None, wheels: bool, say: Say) -> Build:
        source = self.source_of(app)
        chosen = source + ("-wheels" if wheels else "") if release is None else _names.checked("release", release)
        return Build(app, chosen, source, wheels, self.project, say)

    def _built(self, build: Build) -> Release:
        with TemporaryDirectory(prefix="slackwater-") as scratch:
            packed = Path(scratch, "release.tar.gz")
            tree = assembled(build, Path(scratch))
            with packed.open("wb") as file:
                pack(tree, file)
            manifest = self._described(build, packed)
            build.report(f"packed, {manifest.size / 1e3:.0f} kB")
            archive = self.shelf.keep(packed, manifest)
        build.report(f"stored in {self.files.name}")
        # The manifest comes last: an archive without one is not a release, whoever was killed in between.
        if self.files.create(manifest.key, manifest.dump()):
            return Release(manifest.id, archive, manifest.sha256, manifest)
        return self._outrun(build, manifest)

    def _described(self, build: Build, packed: Path) -> Manifest:
        return Manifest(
            id=build.id,
            app=build.app.name,
            sha256=sha256(packed),
            size=packed.stat().st_size,
            source=build.source_id,
            commit=_commit(build),
            python=build.app.python,
            created=_manifest.now(),
            wheels=build.wheels,
        )

    def _outrun(self, build: Build, mine: Manifest) -> Release:
        """Somebody on another machine built the same id in the meantime and was first."""
        there = self._manifest(build.app.name, build.id)
        if there is None:
            raise ReleaseError(f"{self.files.name}: {mine.key} was there and is gone: run it again")
        if there.archive != mine.archive:
            self.files.remove(mine.archive)
        return self._already(build, there)

    def _already(self, build: Build, there: Manifest) -> Release:
        who = f"release {there.id} of {there.app} exists since {there.created}"
        if there.source != build.source_id:
            raise ReleaseError(
                f"{who} and was built from another source ({there.source}, not {build.source_id}): "
                "an id means one archive for ever, so choose another"
            )
        if build.wheels and not there.wheels:
            raise ReleaseError(f"{who} and has no wheels: an id means one archive for ever, so choose another")
        build.report("already built")
        return self._fetched(there)

    def _fetched(self, manifest: Manifest) -> Release:
        return Release(manifest.id, self.shelf.fetched(manifest), manifest.sha256, manifest)

    def _manifest(self, app_name: str, release: str) -> Manifest | None:
        key = manifest_key(app_name, release)
        data = self.files.read(key)
        return None if data is None else _manifest.parsed(data, key, self.files.name)

    def _known(self, app_name: str) -> str:
        """By name alone: a manifest that cannot be read must not hide what was asked."""
        ids = sorted(self._ids(app_name), reverse=True)
        more = f" and {len(ids) - NAMED} more" if len(ids) > NAMED else ""
        return f"it has {', '.join(ids[:NAMED])}{more}" if ids else "it has none yet: slackwater release build"

    def _ids(self, app_name: str) -> list[str]:
        names = (key.removeprefix(f"{app_name}/") for key in self.files.keys(f"{app_name}/"))
        return [name.removesuffix(".json") for name in names if "/" not in name and name.endswith(".json")]


def _commit(build: Build) -> str | None:
    source = build.app.source
    if source.kind != "directory":
        return None
    directory = source_directory(build.app, build.project)
    return commit(directory, {entry.name for entry in entries(directory, source.exclude)}, source.exclude)
