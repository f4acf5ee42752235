"""The commands `slackwater rollout`, `slackwater rollback` and `slackwater status`."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any

import click
import pyinfra_cli  # noqa: F401  # makes sockets and threads cooperative: before anything opens one

from slackwater.changes.change import Wish
from slackwater.release import Declared, Proved, Release
from slackwater.release.options import takes_inventory
from slackwater.rollout import table
from slackwater.rollout.events import Events
from slackwater.rollout.fleet import Fleet
from slackwater.rollout.plan import Pace, batches, pace
from slackwater.rollout.rollback import Rollback
from slackwater.rollout.rollout import Rollout
from slackwater.rollout.way_back import target


def _of_a_fleet(function: Callable[..., None]) -> Callable[..., None]:
    """The command gets the fleet that its inventory declares as its first argument."""

    @takes_inventory
    @click.option("--json", "as_json", is_flag=True, help="Print JSON.")
    @wraps(function)
    def command(declared: Declared, *, as_json: bool, **rest: Any) -> None:
        events = Events(as_json)
        function(Fleet(declared.declaration, declared.app, declared.fleet, declared.releases(), events), **rest)

    return command


@click.command()
@_of_a_fleet
@click.option("--release", metavar="ID", help="A release of the store; without it one is built from the source.")
@click.option("--canary", default=1, show_default=True, help="How many hosts go first.")
@click.option("--batch", default="25%", show_default=True, metavar="N|N%", help="How many hosts change at once then.")
@click.option("--bake", default=10, show_default=True, metavar="SECONDS", help="How long each batch is watched.")
@click.option("--dry-run", is_flag=True, help="Show what would happen to which host, and why; touch nothing.")
@click.option("--steal", is_flag=True, help="Take the place of a rollout that is dead.")
@click.option("--pause", "wish", flag_value="pause", help="Tell the running rollout to wait.")
@click.option("--resume", "wish", flag_value="go", help="Tell the running rollout to go on.")
@click.option("--cancel", "wish", flag_value="cancel", help="Tell the running rollout to put every host back.")
def rollout(
    fleet: Fleet,
    *,
    release: str | None,
    canary: int,
    batch: str,
    bake: int,
    dry_run: bool,
    steal: bool,
    wish: Wish | None,
) -> None:
    """Bring a release to every app host: canary first, then batch by batch; at the first failure all go back.

    The exit status is 0 only when every app host runs the release.

    \b
    Examples:
      slackwater rollout inventories/prod.py --release 2026-11-21.1 --canary 1 --batch 25% --bake 30
      slackwater rollout inventories/prod.py --dry-run
      slackwater rollout inventories/prod.py --cancel
    """
    speed, events = pace(canary, batch), fleet.events
    if wish:
        change = fleet.changes.ask(wish)
        events.say("", f"asked to {'resume' if wish == 'go' else wish}: {change}")
        return
    wanted = _wanted(fleet, release)
    if dry_run:
        _preview(fleet, wanted, speed)
        return
    proved = fleet.releases.proved(fleet.app.name, fleet.name)
    with _interruptible():
        change = fleet.changes.begin("rollout", wanted.id, _id(proved), steal=steal)
        events.say("", f"rollout of {fleet.app.name} {wanted.id} in {fleet.name}; before: {change.origin or 'none'}")
        _finish(fleet, Rollout(fleet, wanted, proved, speed, bake, change).run, wanted)


@click.command()
@_of_a_fleet
@click.option("--release", metavar="ID", help="Which release; without it the one that was proved before.")
@click.option("--steal", is_flag=True, help="Take the place of a rollout that is dead.")
def rollback(fleet: Fleet, *, release: str | None, steal: bool) -> None:
    """Bring every app host back to the release that was proved before, all at once.

    After a rollout that died half-way this is where it came from.

    \b
    Example:
      slackwater rollback inventories/prod.py
    """
    proved, interrupted = fleet.releases.proved(fleet.app.name, fleet.name), fleet.changes.current()
    wanted = fleet.releases.get(fleet.app.name, release or target(proved, interrupted))
    with _interruptible():
        change = fleet.changes.begin("rollback", wanted.id, _id(proved), steal=steal)
        fleet.events.say("", f"rollback of {fleet.app.name} in {fleet.name} to {wanted.id}")
        _finish(fleet, Rollback(fleet, wanted, proved, change).run, wanted)


@click.command()
@_of_a_fleet
def status(fleet: Fleet) -> None:
    """Show each host: release running and wanted, health, requests in flight, since when, last error.

    The exit status is 0 when every app host is healthy and runs the proved release.

    \b
    Example:
      slackwater status inventories/prod.py
    """
    report = table.report(fleet)
    click.echo(json.dumps(report.as_json(), indent=2) if fleet.events.as_json else report.text())
    raise SystemExit(0 if report.is_well() else 1)


def _id(proved: Proved | None) -> str | None:
    return proved.release if proved else None


def _wanted(fleet: Fleet, release: str | None) -> Release:
    if release:
        return fleet.releases.get(fleet.app.name, release)
    return fleet.releases.build(fleet.app, say=lambda text: fleet.events.say("", text))


def _preview(fleet: Fleet, wanted: Release, speed: Pace) -> None:
    seen = fleet.seen()
    events = fleet.events
    todo = [name for name, one in seen.items() if one.release != wanted.id]
    for batch in batches(todo, len(seen), speed):
        for name in batch.hosts:
            now = seen[name].fault or f"runs {seen[name].release or 'nothing'}"
            events.say(name, f"{batch.what}: would change to {wanted.id} ({now})")
    for name in seen.keys() - set(todo):
        events.say(name, f"stays: runs {wanted.id}")
    if fleet.app.before_release and todo:
        events.say(batches(todo, len(seen), speed)[0].hosts[0], f"would run before_release: {fleet.app.before_release}")
    events.say("", "nothing was changed")


@contextmanager
def _interruptible() -> Iterator[None]:
    """A terminated rollout puts its hosts back, as an interrupted one does; only kill -9 leaves them half way."""

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _finish(fleet: Fleet, run: Callable[[], None], wanted: Release) -> None:
    ok = False
    try:
        run()
        ok = True
    finally:
        fleet.hosts.close()
        fleet.events.end({"ok": ok, "release": wanted.id, "fleet": fleet.name})
