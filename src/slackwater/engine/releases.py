"""Brings a release to a host: built once on the operator's machine, uploaded, installed by the host's own command."""

from __future__ import annotations

import shlex
from collections.abc import Generator
from pathlib import Path
from threading import Lock

from pyinfra import logger
from pyinfra.api import StringCommand, operation
from pyinfra.api.command import FileUploadCommand
from pyinfra.api.exceptions import PyinfraError

from slackwater.engine.facts import Paths
from slackwater.engine.memory import ask, forget
from slackwater.engine.operations import UNREADABLE, act, refuse_with
from slackwater.engine.slots import user_of
from slackwater.engine.values import Found
from slackwater.errors import ReleaseError
from slackwater.release import Release, build
from slackwater.settings import App, Store

LOCAL_STORE = ".slackwater/store"
"""Where a release is built when the store itself is elsewhere, relative to the project."""

_building = Lock()
_built: dict[str, Release] = {}


def release_of(app: App, store: Store) -> Release:
    """The release of the app's source: built by the first host that asks, the same for all of a run."""
    place = Path(store.location if store.kind == "directory" else LOCAL_STORE)
    key = repr((app.name, app.source, app.entrypoint, app.interface, app.python, place))
    with _building:
        if key not in _built:
            _built[key] = _build(app, place)
        return _built[key]


def _build(app: App, place: Path) -> Release:
    try:
        return build(app, project=Path.cwd(), store=place, say=_say)
    except ReleaseError as error:
        raise PyinfraError(f"{error}\n    app.source = {app.source!r}; no host was touched") from error


def _say(text: str) -> None:
    logger.info(f"    {text}")


@operation()
def installed(app: App, release: Release) -> Generator[StringCommand | FileUploadCommand, None, None]:
    """The release with its own virtual environment, whole or not there at all."""
    home = f"/srv/slackwater/{app.name}"
    marker = f"{home}/releases/{release.id}/release.json"
    found: dict[str, Found] | None = ask(Paths, paths=[marker])
    if found is None:
        yield refuse_with(UNREADABLE)
    elif found[marker].kind != "file":
        archive = f"{home}/incoming/{release.id}.tar.gz"
        forget()
        yield FileUploadCommand(str(release.archive), archive)
        yield act(_install(app, release, archive))


def _install(app: App, release: Release, archive: str) -> str:
    words = ["slackwater-slots", "install", app.name, release.id, "--archive", archive, "--sha256", release.sha256]
    words += ["--group", user_of(app), "--python", app.python or "/usr/bin/python3"]
    return shlex.join(words)
