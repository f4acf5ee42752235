"""What is said of a drill: honest about what died with a host, and about nothing else."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from rich.console import Console

from slackwater.drill.cli import tell
from slackwater.drill.died import Died
from slackwater.drill.live import View
from slackwater.drill.phase import Phase
from slackwater.drill.picture import svg
from slackwater.drill.report import Report, show
from slackwater.drill.timeline import Count, Span
from slackwater.errors import SlackwaterError

TRIES = ["instance-2: 502 after 13.560 s", "instance-1: 200 after 20.020 s"]
REQUESTS: dict[str, Any] = {
    "sent": 900, "lost": 0, "lost_with_a_crashed_host": 0, "executed_twice": 0, "answered_and_not_executed": 0,
    "mismatched": 0, "websockets": 4, "websockets_cut": 0,
    "websockets_cut_with_a_crashed_host": 0, "reasons": {}, "p50_ms": 40, "p99_ms": 900,
    "slowest_ms": 20_041, "client_behind_ms": 4,
    "longest_waits": [{"seconds": 13.6, "kind": "GET long", "instance": "instance-1", "at": 14.0, "attempts": TRIES}],
}  # fmt: skip


def phase(name: str, began: float, ended: float, **lost: int) -> Phase:
    """One GET had been lost before it, and so many more of each kind when it had ended."""
    made, so_far = (
        Phase(name, began),
        {"GET": 1} | {kind.replace("_", " "): n + (kind == "GET") for kind, n in lost.items()},
    )
    made.close(ended, (100, {"GET": 1}, 0), (400, so_far, 0))
    return made


def report(faults: tuple[str, ...] = (), phases: tuple[Phase, ...] = (), **requests: Any) -> Report:
    spans = [Span("i-1", "Pending", 0, 12), Span("i-1", "InService", 12, None), Span("i-2", "Terminating:Wait", 3, 9)]
    counts = [Count(0, 0, 0), Count(10, 300, 0), Count(20, 600, 2)]
    found = list(phases) or [phase("apply", 0, 12), phase("scale-in", 12, 30)]
    return Report(REQUESTS | requests, found, spans, counts, {"i-1": "instance-1"}, list(faults))


@pytest.mark.parametrize(
    "name", ["lost", "executed_twice", "mismatched", "websockets_cut", "answered_and_not_executed"]
)
def test_whatever_the_promise_covers_is_no_success(name: str) -> None:
    """One is enough."""
    assert report().is_good
    assert not report(**{name: 1}).is_good


def test_a_launch_that_nobody_planned_is_no_success() -> None:
    """Though nothing was lost."""
    assert not report(("scale-in: 1 launches that nobody planned",)).is_good


def test_posts_that_died_with_a_host_are_told_apart() -> None:
    """A GET is not among them: a balancer asks another host; nor is a POST that was lost at any other time."""
    dead, other = phase("crash", 0, 9, POST=2, POST_long=1, GET=1), phase("spot", 0, 9, POST=2)
    dead.died = Died(posts=3)

    assert (1, 3) == (dead.document()["lost"], dead.document()["lost_with_a_crashed_host"])
    assert (2, 0) == (other.document()["lost"], other.document()["lost_with_a_crashed_host"])
    assert report(lost_with_a_crashed_host=3).is_good


def test_no_more_is_excused_than_was_lost() -> None:
    """The log may know of requests whose people were counted in the phase before."""
    dead = phase("crash", 0, 9, POST=1)
    dead.died = Died(posts=3, websockets=2)

    assert (1, 0) == (dead.excused, dead.excused_cuts)


def test_the_document_has_requests_and_phases() -> None:
    """As JSON, with each instance's states."""
    told = json.loads(json.dumps(report().document()))

    assert {"sent": 900, "lost": 0, "executed_twice": 0}.items() <= told["requests"].items()
    assert [("apply", 12, 300), ("scale-in", 18, 300)] == [(p["name"], p["seconds"], p["sent"]) for p in told["phases"]]
    assert {"instance": "i-1", "host": "instance-1", "state": "InService", "began": 12, "ended": None} in told[
        "instances"
    ]
    assert told["ok"]


def test_people_read_the_phases_and_every_fault() -> None:
    """And what came instead of an answer."""
    out = io.StringIO()
    show(report(("spot: late",), lost=2, reasons={"POST: 502": 2}), Console(file=out, width=100))
    said = out.getvalue()

    assert "900 sent, 2 lost, 0 executed twice" in said
    assert "scale-in" in said
    assert "13.6 s, for it was passed on: instance-2: 502 after 13.560 s, then instance-1: 200" in said
    assert "spot: late" in said
    assert '{"POST: 502": 2}' in said


@pytest.mark.parametrize("words", ["[i-0abc] Error: [/usr/bin/x]: not found", "[red]", "the lock :lock: is taken"])
def test_what_was_said_is_told_as_it_is(words: str) -> None:
    """What a command said on its way down is no markup: no bracket is lost of it, and no report to a bracket."""
    out, odd = io.StringIO(), phase("apply", 0, 12)
    odd.figures["release"] = words
    show(report((words,), (odd,), lost=1, reasons={words: 1}), Console(file=out, width=300))

    assert 3 == out.getvalue().count(words)


def test_what_happens_meanwhile_is_told_as_it_is() -> None:
    """The same words come by standard error first."""
    out = io.StringIO()
    View(Console(file=out, width=300)).say("[/usr/bin/x]: not found :lock:")

    assert out.getvalue().endswith("  [/usr/bin/x]: not found :lock:\n")


@pytest.mark.parametrize(("as_json", "said"), [(True, '"ok": true'), (False, "900 sent, 0 lost")])
def test_a_full_disk_costs_the_picture_and_not_the_report(
    capsys: pytest.CaptureFixture[str], as_json: bool, said: str
) -> None:
    """A drill takes a quarter of an hour; that there is no picture is a sentence of its own."""
    with pytest.raises(SlackwaterError, match=r"--svg /dev/full could not be written: .*No space left"):
        tell(report(), svg=Path("/dev/full"), as_json=as_json)

    assert said in capsys.readouterr().out


def test_the_picture_is_whole_and_has_every_instance() -> None:
    """Well-formed; a bar a state, a line where requests were lost, nothing from elsewhere."""
    text = svg(report(lost=2))
    root = ET.fromstring(text)
    words = [each.text for each in root.iter("{http://www.w3.org/2000/svg}text")]
    titles = [each.text for each in root.iter("{http://www.w3.org/2000/svg}title")]

    assert {"instance-1", "i-2", "scale-in", "900 requests, 2 lost, 0 executed twice"} <= set(words)
    assert ["Pending", "InService", "Terminating:Wait"] == titles
    assert "2" in words
    assert "href" not in text
