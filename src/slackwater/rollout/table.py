"""The fleet at a glance: what `slackwater status` shows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from io import StringIO
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from slackwater.agents.breaker.watch import Seen as Launches
from slackwater.aws.breaker.standing import standings
from slackwater.changes import Change
from slackwater.rollout import balancers, leaving
from slackwater.rollout.arrivals import on_their_way
from slackwater.rollout.fleet import Fleet
from slackwater.rollout.hosts import Seen, facts
from slackwater.rollout.plan import by_name

WIDTH = 160
"""Columns when nobody's terminal says how many it has."""
GROUPS = ("app", "worker", "balancer", "database", "cache")


@dataclass(frozen=True)
class Row:
    """One host. `health` is "ok" or what is wrong; `in_flight` requests; `since` UTC, ISO 8601."""

    host: str
    group: str
    release: str | None
    wanted: str | None
    health: str
    in_flight: int | None
    since: str | None
    last_error: str | None
    upstream: dict[str, Any] | None = None
    """What a balancer's agent says: members with their states and reasons, sources, transitions."""
    drain: dict[str, Any] | None = None
    """What a host's drain agent says: state, step, causes, what time did not allow; None where there is none."""

    def is_well(self) -> bool:
        return self.health == "ok" and self.release == self.wanted


@dataclass(frozen=True)
class Report:
    app: str
    fleet: str
    proved: str | None
    change: Change | None
    rows: tuple[Row, ...]
    launches: tuple[Launches, ...] = ()
    """Of scaling groups with a breaker, and of those of which a process is suspended."""
    arriving: Mapping[str, str] = field(default_factory=dict)
    """Instances that are no hosts yet, with their states in AWS."""

    def is_well(self) -> bool:
        return all(row.is_well() for row in self.rows)

    def as_json(self) -> dict[str, Any]:
        change = {**asdict(self.change), "owner": str(self.change.owner)} if self.change else None
        head = {"app": self.app, "fleet": self.fleet, "proved": self.proved, "change": change}
        launches = [one.as_json() for one in self.launches]
        hosts, arriving = [asdict(row) for row in self.rows], dict(self.arriving)
        return {**head, "ok": self.is_well(), "hosts": hosts, "arriving": arriving, "launches": launches}

    def text(self) -> str:
        table = Table("host", "group", "release", "wanted", "health", "in flight", "since", "last error", box=None)
        for row in self.rows:
            style = None if row.is_well() else "red"
            table.add_row(*map(Text, _cells(row)), style=style)
        out = StringIO()
        console = Console(file=out, width=WIDTH)
        console.print(f"{self.app} in {self.fleet}; proved: {self.proved or 'nothing yet'}", highlight=False)
        if self.change:
            console.print(f"under way: {self.change}", highlight=False)
        console.print(table)
        for row in self.rows:
            for line in balancers.lines(row.host, row.upstream or {}):
                console.print(line, highlight=False, markup=False, soft_wrap=True)
        for instance, state in self.arriving.items():
            console.print(
                f"{instance}: on its way into service ({state})", highlight=False, markup=False, soft_wrap=True
            )
        for group in self.launches:
            if not group.is_quiet:
                console.print(str(group), highlight=False, markup=False, soft_wrap=True)
        return out.getvalue().rstrip()


def _cells(row: Row) -> list[str]:
    cells = [row.host, row.group, row.release or "-", row.wanted or "-", row.health]
    flying = "-" if row.in_flight is None else str(row.in_flight)
    return [*cells, flying, _ago(row.since), (row.last_error or "-").splitlines()[0][:60]]


def _ago(since: str | None) -> str:
    if since is None:
        return "-"
    seconds = int((datetime.now(UTC) - datetime.fromisoformat(since)).total_seconds())
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"


def report(fleet: Fleet) -> Report:
    """Asks every host once; one that does not answer has a row that says so."""
    proved = fleet.releases.proved(fleet.app.name, fleet.name)
    wanted = proved.release if proved else None
    seen = fleet.seen().values()
    drains = leaving.states(fleet, [one.name for one in seen if not one.fault])
    apps = [_app_row(one, wanted, drains.get(one.name, {})) for one in seen]
    # A host may be both: as an app host it has a row of its own, as a balancer another.
    members, balancing = fleet.members(), fleet.hosts.of("balancer")
    served = [name for name, host in fleet.hosts.hosts.items() if _is_of_the_fleet(host.groups)]
    others = by_name(name for name in served if name not in members or name in balancing)
    answers = fleet.hosts.ask(others, balancers.QUESTION)
    groups = {name: "balancer" if name in balancing else _group(fleet.hosts.hosts[name].groups) for name in others}
    rest = [_other_row(name, groups[name], facts(said)) for name, said in answers.items()]
    launches = tuple(standings(fleet.hosts.hosts.values()))
    change, arriving = fleet.changes.current(), on_their_way(fleet.hosts.states)
    return Report(fleet.app.name, fleet.name, wanted, change, (*apps, *rest), launches, arriving)


def _is_of_the_fleet(groups: Sequence[str]) -> bool:
    """Not so the operator's machine, which stands in the group `cloud` because AWS is asked from it."""
    return "cloud" not in groups or _group(groups) != "-"


def _group(groups: Sequence[str]) -> str:
    """The first of ours: the inventory's own name is a group too."""
    return next((group for group in GROUPS if group in groups), "-")


def _app_row(one: Seen, wanted: str | None, drain: leaving.Facts) -> Row:
    """A host that leaves is not well, and its own reason says more than what its app answers."""
    facts = one.facts
    error = facts.get("last_error") or {}
    return Row(
        one.name,
        _group(one.groups),
        one.release,
        wanted,
        one.fault or leaving.health(drain) or _health(facts),
        facts.get("in_flight"),
        facts.get("since"),
        error.get("message"),
        drain=dict(drain) or None,
    )


def _health(facts: Any) -> str:
    if not facts.get("release"):
        return "nothing deployed"
    wrong = {question: answer for question, answer in facts["health"].items() if answer}
    return ", ".join(f"{question}: {answer}" for question, answer in wrong.items()) or "ok"


def _other_row(name: str, group: str, state: dict[str, Any] | None) -> Row:
    return Row(name, group, None, None, balancers.health(state), balancers.in_flight(state), None, None, state or None)
