"""Which release a run brings to its hosts: a rollout's, else the proved one, else the first ever, of the source."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from threading import Lock

from pyinfra import host, logger
from pyinfra.api.exceptions import PyinfraError

from slackwater.changes import Changes
from slackwater.engine.fleet import hosts_of
from slackwater.errors import ReleaseError, SlackwaterError
from slackwater.lint.fleet import INSTANCE
from slackwater.release import Release, Releases, open_releases
from slackwater.settings import App, HostSettings

GIVEN = "slackwater_order"
"""The name in a host's data under which a rollout gives its order."""


@dataclass(frozen=True)
class Order:
    """`hook_on` runs `before_release`; `standby` is how many seconds the replaced slot is kept running.

    `is_first` when no release was ever proved in this fleet: the run that brings it everywhere proves it. `is_given`
    by a rollout, which looks after the fleet itself. `is_fetched` by an instance that provisions itself.
    """

    release: Release
    hook_on: str | None = None
    standby: int = 0
    is_first: bool = False
    is_given: bool = True
    is_fetched: bool = False

    def outdated(self, told: HostSettings) -> str:
        """Why a converge must not switch any more, though it may have when it was prepared; empty when it may.

        Between showing what would change and changing it an operator thinks, and others roll out.
        """
        if self.is_given or self.is_fetched:
            return ""
        app, releases = told.require_app(), open_releases(told.store, Path.cwd())
        try:
            _refuse_another_change(releases, app, told.fleet)
            proved = releases.proved(app.name, told.fleet)
        except SlackwaterError as error:
            return str(error)
        if proved is None or proved.release == self.release.id:
            return ""
        return f"{proved.release} was proved while this run was prepared to bring {self.release.id}: converge again"


_deciding = Lock()
_decided: dict[tuple[str, str], Order] = {}


def ordered(told: HostSettings) -> Order:
    """Decided by the first host that asks, the same for all of a run."""
    given: Order | None = host.data.get(GIVEN)
    if given is not None:
        return given
    app = told.require_app()
    with _deciding:
        key = (app.name, told.fleet)
        if key not in _decided:
            _decided[key] = _fetch(app, told) if host.data.get(INSTANCE) else _decide(app, told)
        return _decided[key]


def _decide(app: App, told: HostSettings) -> Order:
    try:
        releases = open_releases(told.store, Path.cwd())
        _refuse_another_change(releases, app, told.fleet)
        proved = releases.proved(app.name, told.fleet)
        if proved is None:
            return Order(releases.build(app, say=_say), hook_on=_first_host(), is_first=True, is_given=False)
        release = releases.get(app.name, proved.release)
        _refuse_another_archive(release, proved.sha256)
        _compare(releases, app, release)
        return Order(release, is_given=False)
    except SlackwaterError as error:
        raise PyinfraError(f"{error}\n    app.source = {app.source!r}; no host was touched") from error


def _fetch(app: App, told: HostSettings) -> Order:
    """What an instance brings to itself: the release that was proved, and never one that it built of a source.

    Whether somebody rolls out meanwhile does not matter: its arrival compares once more before it says that it serves.
    """
    try:
        releases = open_releases(told.store, Path.cwd())
        proved = releases.proved(app.name, told.fleet)
        if proved is None:
            raise ReleaseError(
                f"app {app.name}: nothing is proved yet in fleet {told.fleet}, and an instance builds nothing: "
                "bring the fleet its first release from your machine (docs/self-provisioning.md)"
            )
        release = releases.get(app.name, proved.release)
        _refuse_another_archive(release, proved.sha256)
        return Order(release, is_given=False, is_fetched=True)
    except SlackwaterError as error:
        raise PyinfraError(f"{error}\n    store {told.store.location}; nothing was changed") from error


def _refuse_another_change(releases: Releases, app: App, fleet: str) -> None:
    """What a converge deploys in the middle of a rollout would undo a part of it."""
    change = Changes(releases.files, app.name, fleet).current()
    if change and not change.is_dead():
        raise SlackwaterError(f"app {app.name}: {change}; converge when it has ended")


def _refuse_another_archive(release: Release, sha256: str) -> None:
    if release.sha256 != sha256:
        raise SlackwaterError(
            f"release {release.id}: {release.archive} has sha256 {release.sha256}, "
            f"but the one that was proved had {sha256}"
        )


def _compare(releases: Releases, app: App, release: Release) -> None:
    try:
        source = releases.source_of(app)
    except ReleaseError as error:
        _say(f"{app.name}: {error}; hosts keep release {release.id}")
        return
    if source != release.manifest.source:
        _say(
            f"{app.name}: the source ({source}) differs from what release {release.id} was built of; hosts keep that "
            f"release. To bring them the source: slackwater rollout {_inventory()}"
        )


def _inventory() -> str:
    groups = [path for name in host.groups if (path := Path("inventories", f"{name}.py")).is_file()]
    return str(groups[0]) if groups else "INVENTORY"


def _first_host() -> str | None:
    everyone = [*hosts_of("app"), *hosts_of("worker")]
    members = [member for member in everyone if member.state.is_host_in_limit(member)]
    return members[0].name if members else None


def _say(text: str) -> None:
    logger.info(f"    {text}")
