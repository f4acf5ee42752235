"""The same as metrics (https://prometheus.io/docs/instrumenting/exposition_formats/)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from ..policy.record import State
from .view import View

PREFIX = "slackwater_upstreams"
Labels = Mapping[str, object]
Values = Sequence[tuple[Labels, float]]
Family = tuple[str, str, str, Values]
"""Name, type, help, and the values."""


def exposition(view: View) -> str:
    lines = []
    for name, kind, text, values in [*_members(view), *_sources(view), *_agent(view)]:
        lines += [f"# HELP {PREFIX}_{name} {text}", f"# TYPE {PREFIX}_{name} {kind}"]
        lines += [f"{PREFIX}_{name}{_labels(labels)} {value:.15g}" for labels, value in values]
    return "\n".join(lines) + "\n"


def _members(view: View) -> Iterator[Family]:
    members = [({"name": m["name"], "place": f"{m['address']}:{m['port']}"}, m) for m in view.members()]
    states = [({**who, "state": state}, m["state"] == state) for who, m in members for state in State]
    yield "member_state", "gauge", "1 for the state a backend is in.", states
    for key, name, kind, text in (
        ("weight", "member_weight", "gauge", "Weight of its requests; 0 out of service."),
        ("ramp", "member_ramp", "gauge", "Share of the weight during slow start, 1 after it."),
        ("in_flight", "member_in_flight", "gauge", "Requests that nginx waits for."),
        ("requests", "member_requests_total", "counter", "Requests that nginx has sent there."),
        ("failures", "member_failures_total", "counter", "Requests that failed there."),
        ("ejected", "member_ejected", "gauge", "1 while nginx itself leaves it out."),
    ):
        yield name, kind, text, [(who, m[key]) for who, m in members]
    ready = [(who, m["ready"]) for who, m in members if m["ready"] is not None]
    yield "member_ready", "gauge", "1 when its dependencies answer too.", ready


def _sources(view: View) -> Iterator[Family]:
    sources = [({"source": s["name"]}, s) for s in view.state()["sources"]]
    for key, kind, text in (
        ("ok", "gauge", "1 when the last look was believed."),
        ("age", "gauge", "Seconds since it last said something."),
        ("members", "gauge", "Members it is believed to have."),
    ):
        yield f"source_{key}", kind, text, [(who, s[key]) for who, s in sources if s[key] is not None]
    yield "source_looks_total", "counter", "Looks at it.", [(who, s["looks"]) for who, s in sources]
    failures = [(who, s["failures"]) for who, s in sources]
    yield "source_failures_total", "counter", "Looks that failed or were not believed.", failures


def _agent(view: View) -> Iterator[Family]:
    writer, core = view.writer, view.core
    probes = [({"question": question, "result": result}, n) for (question, result), n in sorted(core.answers.items())]
    entered: list[tuple[Labels, float]] = [({"to": state}, number) for state, number in sorted(core.entered.items())]
    yield "probes_total", "counter", "Questions by what they came to.", probes
    yield "transitions_total", "counter", "Changes of a backend's state.", entered
    for name, kind, text, value in (
        ("floor_held", "gauge", "Backends that serve although they look bad.", len(core.fleet.held)),
        ("generation", "gauge", "The list of members that nginx should have.", writer.generation),
        ("nginx_generation", "gauge", "The list of members that nginx has.", writer.seen.generation),
        ("nginx_ok", "gauge", "1 when nginx has taken the last list.", not writer.error),
        ("disk_ok", "gauge", "1 when the last list is on the disk.", not writer.disk_error),
        ("puts_total", "counter", "Lists given to nginx.", writer.puts),
        ("writer_failures_total", "counter", "Times that nginx was not there or refused.", writer.failures),
        ("cuts_total", "counter", "Dead backends whose connections were cut.", view.cutting.cuts),
        ("cut_failures_total", "counter", "Cuts that could not be made.", view.cutting.failures),
        ("configuration_ok", "gauge", "1 when the file is the configuration in use.", not view.configuration_error),
    ):
        yield name, kind, text, [({}, value)]


def _labels(labels: Labels) -> str:
    inner = ",".join(f'{name}="{_escaped(str(value))}"' for name, value in labels.items())
    return f"{{{inner}}}" if inner else ""


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
