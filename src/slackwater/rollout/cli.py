"""The commands `slackwater rollout`, `slackwater rollback` and `slackwater status`."""

from __future__ import annotations

import json
import logging
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from typing import Any

import click
import gevent
import pyinfra_cli  # noqa: F401  # makes sockets and threads cooperative: before anything opens one

from slackwater.aws.refresh.cli import refresh
from slackwater.aws.refresh.options import or_refresh
from slackwater.changes.change import Wish
from slackwater.errors import RolloutError, SlackwaterError
from slackwater.release import Proved, Release, declared
from slackwater.release.options import inventory_options
from slackwater.rollout import table
from slackwater.rollout.arrivals import LIMIT
from slackwater.rollout.events import Events
from slackwater.rollout.fleet import Fleet
from slackwater.rollout.plan import Pace, batches, by_name, pace
from slackwater.rollout.rollback import Rollback
from slackwater.rollout.rollout import Rollout
from slackwater.rollout.way_back import target


def of_a_fleet(function: Callable[..., None]) -> Callable[..., None]:
    """The command gets the fleet that its inventory declares; programs get a result whatever happens."""

    @inventory_options
    @click.option("--json", "as_json", is_flag=True, help="Print JSON, the result at the end.")
    @wraps(function)
    def command(
        inventory: str, *, group_data: tuple[str, ...], data: tuple[str, ...], as_json: bool, **rest: Any
    ) -> None:
        logging.getLogger("paramiko").setLevel(logging.CRITICAL)  # a host that reboots is told in one line of ours
        events = Events(as_json)
        try:
            found = declared(inventory, group_data, data, Path.cwd())
            fleet = Fleet(found.declaration, found.app, found.fleet, found.releases(), events)
            try:
                function(fleet, **rest)
            finally:
                fleet.hosts.close()
        except SlackwaterError as error:
            events.end({"ok": False, "error": str(error)})
            raise

    return command


_arrival = click.option(
    "--arrival",
    default=LIMIT,
    type=click.IntRange(min=0),
    show_default=True,
    metavar="SECONDS",
    help="How long instances that boot meanwhile are waited for at the end.",
)


def _refresh(as_json: bool, **words: Any) -> None:
    events = Events(as_json)
    try:
        with _interruptible():
            status, said = refresh(events.say, as_json=as_json, **words)
    except SlackwaterError as error:
        events.end({"ok": False, "error": str(error)})
        raise
    events.say("", said)
    events.end({"ok": status == 0, "status": status, "said": said})
    raise SystemExit(status)


@click.command()
@or_refresh(_refresh)
@of_a_fleet
@click.option("--release", metavar="ID", help="A release of the store; without it one is built from the source.")
@click.option("--canary", default=1, show_default=True, help="How many hosts go first.")
@click.option("--batch", default="25%", show_default=True, metavar="N|N%", help="How many hosts change at once then.")
@click.option(
    "--bake",
    default=10,
    type=click.IntRange(min=0),
    show_default=True,
    metavar="SECONDS",
    help="How long a batch is watched.",
)
@_arrival
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
    arrival: int,
    dry_run: bool,
    steal: bool,
    wish: Wish | None,
) -> None:
    """Bring a release to every app host: canary first, then batch by batch; at the first failure all go back.

    The exit status is 0 only when every app host runs the release. With --strategy refresh AWS replaces the instances
    of the scaling group by those of its newest launch template: 0 done, 1 all is as before, 3 a mixture is left.

    \b
    Examples:
      slackwater rollout inventories/prod.py --release 2026-11-21.1 --canary 1 --batch 25% --bake 30
      slackwater rollout inventories/prod.py --strategy refresh --checkpoint 20 --checkpoint 50
      slackwater rollout inventories/prod.py --dry-run
      slackwater rollout inventories/prod.py --cancel
    """
    speed, events = pace(canary, batch), fleet.events
    if wish:
        change = fleet.changes.ask(wish)
        events.say("", f"asked to {'resume' if wish == 'go' else wish}: {change}")
        events.end({"ok": True})
    elif dry_run:
        _preview(fleet, release or fleet.releases.source_of(fleet.app), speed)
    else:
        _roll_out(fleet, _wanted(fleet, release), speed, bake, arrival=arrival, steal=steal)


def _roll_out(fleet: Fleet, wanted: Release, speed: Pace, bake: int, *, arrival: int, steal: bool) -> None:
    with _interruptible():
        change = fleet.changes.begin("rollout", wanted.id, _id(_proved(fleet)), steal=steal)
        proved = _proved(fleet)  # another one may have ended just before this one began
        change = fleet.changes.refresh(change, origin=_id(proved))
        fleet.events.say(
            "", f"rollout of {fleet.app.name} {wanted.id} in {fleet.name}; before: {change.origin or 'none'}"
        )
        Rollout(fleet, wanted, proved, speed, bake, change, arrival).run()
    fleet.events.end({"ok": True, "release": wanted.id, "fleet": fleet.name})


@click.command()
@of_a_fleet
@click.option("--release", metavar="ID", help="Which release; without it the one that was proved before.")
@_arrival
@click.option("--steal", is_flag=True, help="Take the place of a rollout that is dead.")
def rollback(fleet: Fleet, *, release: str | None, arrival: int, steal: bool) -> None:
    """Bring every app host back to the release that was proved before, all at once.

    After a rollout that died half-way this is where it came from.

    \b
    Example:
      slackwater rollback inventories/prod.py
    """
    proved, interrupted = _proved(fleet), fleet.changes.current()
    wanted = fleet.releases.get(fleet.app.name, release or target(proved, interrupted))
    with _interruptible():
        change = fleet.changes.begin("rollback", wanted.id, _id(proved), steal=steal)
        fleet.events.say("", f"rollback of {fleet.app.name} in {fleet.name} to {wanted.id}")
        Rollback(fleet, wanted, proved, change, arrival).run()
    fleet.events.end({"ok": True, "release": wanted.id, "fleet": fleet.name})


@click.command()
@of_a_fleet
def status(fleet: Fleet) -> None:
    """Show each host: release running and wanted, health, requests in flight, since when, last error.

    A host that leaves says why and how far it is. The exit status is 0 when every app host serves, is healthy and runs
    the proved release.

    \b
    Example:
      slackwater status inventories/prod.py
    """
    report = table.report(fleet)
    click.echo(json.dumps(report.as_json(), indent=2) if fleet.events.as_json else report.text())
    raise SystemExit(0 if report.is_well() else 1)


def _proved(fleet: Fleet) -> Proved | None:
    return fleet.releases.proved(fleet.app.name, fleet.name)


def _id(proved: Proved | None) -> str | None:
    return proved.release if proved else None


def _wanted(fleet: Fleet, release: str | None) -> Release:
    if release:
        return fleet.releases.get(fleet.app.name, release)
    return fleet.releases.build(fleet.app, say=lambda text: fleet.events.say("", text))


def _preview(fleet: Fleet, wanted: str, speed: Pace) -> None:
    """Nothing is built, fetched or taken."""
    seen, events = fleet.seen(), fleet.events
    todo = by_name(name for name, one in seen.items() if one.release != wanted)
    steps = batches(todo, len(seen), speed)
    if change := fleet.changes.current():
        events.say("", f"would have to wait: {change}")
    if fleet.app.before_release and steps:
        events.say(steps[0].hosts[0], f"would run before_release: {fleet.app.before_release}")
    for batch in steps:
        for name in batch.hosts:
            now = seen[name].fault or f"runs {seen[name].release or 'nothing'}"
            events.say(name, f"{batch.what}: would change to {wanted} ({now})")
    for name in by_name(seen.keys() - set(todo)):
        events.say(name, f"stays: runs {wanted}")
    events.say("", "nothing was changed")
    if away := [name for name, one in seen.items() if one.fault]:
        raise RolloutError(f"{', '.join(by_name(away))} cannot be asked: a rollout would wait for them and then stop")
    events.end({"ok": True, "release": wanted, "would_change": todo})


@contextmanager
def _interruptible() -> Iterator[None]:
    """A terminated rollout puts its hosts back, as an interrupted one does; only kill -9 leaves them half way.

    The signal is thrown into the greenlet that works: Python's own may meet another, which would swallow it.
    """
    main, loop = gevent.getcurrent(), gevent.get_hub().loop
    watchers = [
        gevent.signal_handler(each, loop.run_callback, main.throw, KeyboardInterrupt)
        for each in (signal.SIGINT, signal.SIGTERM)
    ]
    try:
        yield
    finally:
        for watcher in watchers:
            watcher.cancel()
