"""What `slackwater rollout --strategy refresh` does with its words."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, TextColumn
from rich.progress import Progress as Bar

from slackwater.aws.cli._inventory import read
from slackwater.aws.provision import Told, look
from slackwater.aws.refresh.found import Refresh, observe_active
from slackwater.aws.refresh.plan import Options, begin, refuse_unfit
from slackwater.aws.refresh.progress import Progress, Say
from slackwater.aws.refresh.refreshing import End, Refreshing
from slackwater.changes import Changes
from slackwater.errors import RolloutError
from slackwater.release import open_releases
from slackwater.release.options import refuse_unbundled

INTERRUPTED = 130
"""The exit status after Ctrl-C: the refresh goes on."""
ENDS = {
    End.DONE: "every instance is of the new version",
    End.BACK: "it has failed; every instance is of the version before, and the group names that one",
    End.MIXED: "it has failed half-way: instances may be of different versions, look at the group",
}


def refresh(
    say: Say,
    *,
    inventory: str,
    group_data: tuple[str, ...],
    data: tuple[str, ...],
    as_json: bool,
    dry_run: bool,
    wish: str | None,
    every: float,
    **words: Any,
) -> tuple[int, str]:
    """The exit status and what to say of it. Raises SlackwaterError when it cannot begin."""
    told = read(inventory, group_data, data)
    options = Options(**words)
    with _bar(as_json) as bar:
        work = Refreshing(told.group, told.clients(), Progress(say, bar), every)
        try:
            if wish == "cancel":
                return _cancelled(work.go_back())
            refuse_unbundled(group_data, data)
            seen = look(told)
            if dry_run:
                return _preview(work, options, seen.plan.calls)
            _refuse_rollout(told)
            end = work.run(options, seen.plan.calls)
        except KeyboardInterrupt:
            return INTERRUPTED, _interrupted(inventory)
    return end.value, ENDS[end]


def _cancelled(end: End) -> tuple[int, str]:
    """To be back is what was asked for."""
    return (0, "every instance is of the version before") if end is End.BACK else (end.value, ENDS[end])


def _refuse_rollout(told: Told) -> None:
    """New instances fetch the proved release, which a rollout in place is about to change."""
    if told.instance.app is None:
        return
    files = open_releases(told.instance.store, told.project).files
    change = Changes(files, told.instance.app.name, told.instance.fleet).current()
    if change and not change.is_dead():
        raise RolloutError(f"{told.group.name}: {change}; wait for it, then refresh")


def _preview(work: Refreshing, options: Options, planned: Any) -> tuple[int, str]:
    found = work.found()
    if going := observe_active(work.clients, work.group.name):
        work.progress.say("", f"would meet another: {going}")
    refuse_unfit(work.group, found, planned)
    if found.is_current and not options.replace_all:
        return 0, f"nothing to replace: all are of version {found.wanted}"
    for call in begin(work.group, found, options):
        work.progress.say("", f"would call {call.name}: {call.reason}")
    old = [one for one in found.staying if options.replace_all or one.version != found.wanted]
    for one in old:
        work.progress.say(one.id, f"would be replaced: version {one.version or '?'}")
    return 0, "nothing was changed"


def _interrupted(inventory: str) -> str:
    same = f"slackwater rollout {inventory} --strategy refresh"
    return f"nobody looks any more, and AWS goes on. To look again: {same}. To go back: {same} --cancel"


@contextmanager
def _bar(as_json: bool) -> Iterator[Callable[[Refresh], None]]:
    """Below the lines, where there is a terminal."""
    if as_json or not sys.stdout.isatty():
        yield lambda _: None
        return
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:>3.0f} %"))
    with Bar(*columns, console=Console(), transient=True) as bar:
        task = bar.add_task("refresh", total=100)
        yield lambda one: bar.update(task, description=one.status, completed=one.percentage)
