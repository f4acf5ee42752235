"""A release's way on a host: uploaded and installed, its hook, its switch, and the pointer once all hosts serve it."""

from __future__ import annotations

import hashlib
import shlex
from collections.abc import Generator
from pathlib import Path
from threading import Lock

from pyinfra import host
from pyinfra.api import FunctionCommand, StringCommand, operation
from pyinfra.api.command import FileUploadCommand

from slackwater.engine.facts import Lines, Paths
from slackwater.engine.memory import ask, forget
from slackwater.engine.operations import UNREADABLE, act, refuse_with
from slackwater.engine.order import Order
from slackwater.engine.slots import user_of
from slackwater.engine.values import Found
from slackwater.release import Proved, Release, open_releases
from slackwater.settings import App, HostSettings

COMMAND = "/usr/local/sbin/slackwater-slots"

Commands = Generator[StringCommand | FileUploadCommand | FunctionCommand, None, None]


@operation()
def installed(app: App, release: Release) -> Commands:
    """The release with its own virtual environment, whole or not there at all."""
    home = f"/srv/slackwater/{app.name}"
    place = f"{home}/releases/{release.id}"
    markers = [f"{place}/{name}" for name in ("archive.sha256", "release.json", "venv/environment.json")]
    found: dict[str, Found] | None = ask(Paths, paths=markers)
    if found is None:
        yield refuse_with(UNREADABLE)
    elif found[markers[0]].detail not in {"", hashlib.sha256(f"{release.sha256}\n".encode()).hexdigest()}:
        yield refuse_with(
            f"{host.name} has another archive of release {release.id} than this one (sha256 {release.sha256}): "
            "an id means one archive for ever, so build it under another id"
        )
    elif any(found[marker].kind != "file" for marker in markers):
        archive = f"{home}/incoming/{release.id}.tar.gz"
        forget()
        yield FileUploadCommand(str(release.archive), archive)
        yield act(_install(app, release, archive))


def _install(app: App, release: Release, archive: str) -> str:
    words = ["slackwater-slots", "install", app.name, release.id, "--archive", archive, "--sha256", release.sha256]
    words += ["--group", user_of(app), "--python", app.python or "/usr/bin/python3"]
    return shlex.join(words)


@operation()
def before_release(app: App, slot: str, order: Order) -> Commands:
    """The app's own preparation, migrations for one: on one host, before any of the fleet serves the release."""
    if app.before_release and order.hook_on == host.name and _live(app) != f"live {slot}":
        yield act(f"slackwater-slots hook {app.name} {slot} before_release")


@operation()
def switched(told: HostSettings, slot: str, order: Order) -> Commands:
    """The slot is live, proved on its own socket first."""
    app = told.require_app()
    live = _live(app)
    if live is None:
        yield refuse_with(UNREADABLE)
    elif live == f"live {slot}":
        return
    elif refused := order.outdated(told) or _proved_elsewhere(told, order):
        yield refuse_with(refused)
    elif order.hook_on in {failed.name for failed in host.state.failed_hosts}:
        yield refuse_with(f"not switched: {order.hook_on} failed before the release was prepared for all hosts")
    else:
        standby = f" --standby {order.standby}" if order.standby else ""
        yield act(f"slackwater-slots switch {app.name} {slot}{standby}")


def _live(app: App) -> str | None:
    """What the host says is live; empty on one that has not been converged before."""
    lines: list[str] | None = ask(Lines, command=f"[ ! -x {COMMAND} ] || {COMMAND} status {app.name}")
    return None if lines is None else "\n".join(lines).strip()


def _proved_elsewhere(told: HostSettings, order: Order) -> str:
    """A store that knows of no proved release, and a host that does: the store is not this fleet's."""
    question = f"cat /srv/slackwater/{told.require_app().name}/proved 2>/dev/null || :"
    mark: list[str] | None = ask(Lines, command=question) if order.is_first else None
    if not mark or mark == [order.release.id]:
        return ""
    return (
        f"{host.name} was told that {mark[0]} is proved, and the store {told.store.location} knows of nothing proved: "
        "use the store that this fleet is released from, or take the fleet over with `slackwater rollout`"
    )


@operation()
def proved(told: HostSettings, order: Order) -> Commands:
    """Moves the pointer to the first release ever, once every app host of this run serves it."""
    if order.is_first:
        yield FunctionCommand(_prove, (told, order.release), {})
        if _is_proved(told, order.release):
            yield act(f"slackwater-slots settle {told.require_app().name} --proved {order.release.id}")


def _is_proved(told: HostSettings, release: Release) -> bool:
    now = open_releases(told.store, Path.cwd()).proved(told.require_app().name, told.fleet)
    return now is not None and now.release == release.id


_proving = Lock()


def _prove(told: HostSettings, release: Release) -> bool:
    app, releases = told.require_app(), open_releases(told.store, Path.cwd())
    failed = sorted(str(member) for member in host.state.failed_hosts if {"app", "worker"} & set(member.groups))
    if failed:
        host.log(f"{release.id} is not marked as proved: {', '.join(failed)} failed")
        return True
    with _proving:
        if releases.proved(app.name, told.fleet) is None:
            releases.prove(app.name, told.fleet, Proved.here(release))
    return True
