"""Who was carrying a request out when a host died, by the balancer's own log."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from slackwater.drill.died import Crash, Died, died
from slackwater.drill.phase import Phase

BEGAN = datetime(2026, 11, 22, 8, 0, tzinfo=UTC).timestamp()
DEAD, ALIVE = "10.77.3.102", "10.77.3.103"
CRASH = Crash(DEAD, BEGAN, BEGAN + 20, BEGAN + 60)


def line(host: str = DEAD, second: float = 5, **more: Any) -> str:
    """A POST of the run that this host was asked for last, and that ended so long after the crash."""
    time = datetime.fromtimestamp(BEGAN + second, UTC).isoformat(timespec="seconds")
    told = {"time": time, "request_id": "load1-7", "method": "POST", "status": 502, "seconds": 4.0}
    return json.dumps({**told, "upstream": f"{host}:8000", **more})


@pytest.mark.parametrize(
    "lost",
    [
        line(),
        line(status=504),
        line(second=19, seconds=19.9),
        line(upstream=f"{ALIVE}:8000, {DEAD}:8000"),
        line(second=30, seconds=12.0),
    ],
)
def test_a_post_that_the_dead_host_was_asked_for_last_died_with_it(lost: str) -> None:
    """Sent before the crash, or before every balancer knew of it."""
    assert Died(posts=1) == died([lost], "load1", CRASH)


@pytest.mark.parametrize(
    "other",
    [
        line(ALIVE, status=500),
        line(upstream=f"{DEAD}:8000, {ALIVE}:8000", status=500),
        line(upstream="", status=503),
        line(second=-5),
        line(second=40, seconds=2.0),
        line(second=70, seconds=60.0),
        line(status=200),
        line(method="GET"),
        line(request_id="load2-7"),
        line()[:-9],
    ],
)
def test_whatever_else_fails_meanwhile_did_not(other: str) -> None:
    """Another host's 500, one before the crash, one sent when the balancers knew, another's request, half a line."""
    assert Died() == died([other], "load1", CRASH)


def test_a_500_of_a_living_host_is_lost_while_another_is_dead() -> None:
    """Two POSTs are lost in the phase, and one of them is the fleet's own fault."""
    phase = Phase("crash", 0)
    phase.died = died([line(), line(ALIVE, status=500)], "load1", CRASH)
    phase.close(60, (100, {}, 0), (400, {"POST": 2}, 0))

    assert (1, 1) == (phase.document()["lost"], phase.document()["lost_with_a_crashed_host"])


def test_only_websockets_that_were_open_to_it_were_cut_by_the_crash() -> None:
    """A balancer that cuts those of living hosts as well is no success."""
    socket = {"method": "GET", "status": 101, "seconds": 300.0, "request_id": "0f3a"}
    phase = Phase("crash", 0)
    phase.died = died([line(**socket), line(ALIVE, **socket)], "load1", CRASH)
    phase.close(60, (100, {}, 0), (400, {}, 2))

    assert (1, 2) == (phase.excused_cuts, phase.cut)
