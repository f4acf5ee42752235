"""What a drill found: for people as text, for programs as one JSON object."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from slackwater.drill.attempts import attempts, log_of
from slackwater.drill.phase import Phase
from slackwater.drill.stage import Stage
from slackwater.drill.timeline import Count, Span
from slackwater.lab.load._result import Wait

MORE = (
    "lost_with_a_crashed_host",
    "websockets_cut_with_a_crashed_host",
    "mismatched",
    "websockets_cut",
    "answered_and_not_executed",
)
"""Of the requests, beside sent, lost and executed_twice."""


@dataclass(frozen=True)
class Report:
    """`faults` are sentences; a drill in which nothing was lost and nothing twice may have some all the same."""

    requests: dict[str, Any]
    phases: list[Phase]
    spans: list[Span]
    counts: list[Count]
    names: dict[str, str]
    faults: list[str]

    @property
    def is_good(self) -> bool:
        """What the promise covers; what died with a machine is told apart."""
        kept = ("lost", "executed_twice", "mismatched", "websockets_cut", "answered_and_not_executed")
        return not self.faults and not any(self.requests[name] for name in kept)

    def document(self) -> dict[str, Any]:
        return {
            "ok": self.is_good,
            "requests": self.requests,
            "phases": [phase.document() for phase in self.phases],
            "faults": self.faults,
            "instances": [
                {"instance": span.instance, "host": self.names.get(span.instance, ""), "state": span.state,
                 "began": round(span.began, 1), "ended": round(span.ended, 1) if span.ended is not None else None}
                for span in self.spans
            ],
        }  # fmt: skip


def made(stage: Stage, faults: list[str]) -> Report:
    """When the last answer is there: what the people say is compared with the ledgers of all instances."""
    result, phases = stage.result, stage.phases
    executed = result.check(stage.ledgers.texts())
    lost, excused = sum(result.lost.values()), sum(phase.excused for phase in phases)
    cut = sum(phase.excused_cuts for phase in phases)
    requests = {
        "sent": sum(result.sent.values()),
        "lost": lost - excused,
        "lost_with_a_crashed_host": excused,
        "executed_twice": len(executed.twice),
        "answered_and_not_executed": len(executed.never),
        "mismatched": sum(result.mismatched.values()),
        "websockets": result.websockets.opened,
        "websockets_cut": result.websockets.cut - cut,
        "websockets_cut_with_a_crashed_host": cut,
        "reasons": dict(result.reasons),
        "p50_ms": round(result.percentile(0.5) * 1000),
        "p99_ms": round(result.percentile(0.99) * 1000),
        "slowest_ms": round(result.percentile(1.0) * 1000),
        "client_behind_ms": round(result.behind * 1000),
        "longest_waits": longest_waits(stage),
    }
    names = {instance: stage.name(instance) for instance in stage.timeline.seen()}
    return Report(requests, phases, stage.timeline.spans, stage.timeline.counts, names, [*stage.faults, *faults])


def longest_waits(stage: Stage) -> list[dict[str, Any]]:
    """What people waited beyond what they asked for, whose answer it was, and which hosts the balancer had asked."""
    return [_told(stage, wait) for wait in stage.result.longest]


def _told(stage: Stage, wait: Wait) -> dict[str, Any]:
    return {
        "seconds": round(wait.seconds, 1),
        "kind": wait.kind,
        "instance": wait.instance,
        "at": round(wait.sent - stage.timeline.began, 1),
        "attempts": attempts(log_of(stage.lab), wait.request, stage.addresses),
    }


def show(report: Report, console: Console) -> None:
    console.print(_phases(report))
    for line in _lines(report):
        console.print(line)


def _lines(report: Report) -> Iterator[Text]:
    """As they are: what a command said may hold brackets and colons that rich would take for words of its own."""
    requests, waits = report.requests, report.requests["longest_waits"]
    longest = " ".join(str(wait["seconds"]) for wait in waits)
    yield Text(
        f"requests: {requests['sent']} sent, {requests['lost']} lost, {requests['executed_twice']} executed twice; "
        f"median {requests['p50_ms']} ms, longest waits beyond what was asked for {longest} s",
        style="bold green" if report.is_good else "bold red",
    )
    for wait in [wait for wait in waits if len(wait["attempts"]) > 1]:
        yield Text(f"{wait['seconds']} s, for it was passed on: {', then '.join(wait['attempts'])}")
    for name in MORE:
        if requests[name]:
            yield Text(f"{name.replace('_', ' ')}: {requests[name]}")
    if requests["reasons"]:
        yield Text(f"what came instead: {json.dumps(requests['reasons'])}")
    for fault in report.faults:
        yield Text(fault, style="red")


def _phases(report: Report) -> Table:
    table = Table(box=None, pad_edge=False)
    for column in ("phase", "seconds", "sent", "lost", ""):
        table.add_column(column, justify="left" if column in {"phase", ""} else "right")
    for phase in report.phases:
        told = phase.document()
        lost, excused = told["lost"], told["lost_with_a_crashed_host"]
        figures = ", ".join(f"{name} {_plain(value)}" for name, value in phase.figures.items())
        more = f"{excused} with the host; " if excused else ""
        cells = phase.name, f"{phase.seconds:.0f}", str(phase.sent), str(lost), more + figures
        table.add_row(*map(Text, cells))
    return table


def _plain(value: object) -> str:
    return " ".join(map(str, value)) if isinstance(value, list) else str(value)
