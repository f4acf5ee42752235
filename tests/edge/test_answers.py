"""What becomes of an answer on its way back through both nginx."""

from __future__ import annotations

import http.client
import json
from typing import Any

import pytest

from slackwater.agents.slots.probe import UnixConnection
from tests.edge.app import EVENTS, FIRST, LAST
from tests.edge.conftest import Start
from tests.edge.site import Edge

API = "run/slackwater-balancer/members.sock"
LONGEST_ID = "x" * 128
GIVES_UP = 5
"""Seconds after which a client has waited in vain for an event."""


def members(edge: Edge) -> list[dict[str, Any]]:
    api = UnixConnection(edge.place / API, 5)
    api.request("GET", "/members")
    found: list[dict[str, Any]] = json.loads(api.getresponse().read())["members"]
    api.close()
    return found


@pytest.mark.parametrize("size", [8192, 15 * 1024, 16 * 1024 - 1])
def test_a_long_head_reaches_the_client(edge: Start, size: int) -> None:
    """Cookies and a content policy fill 4 KB soon. The last is all that an app host takes; what that adds fits, too."""
    site = edge(security_headers=True)
    answers = [site.get(f"/?head={size}", {"X-Request-ID": LONGEST_ID}) for _ in range(4)]

    assert [200] * 4 == [answer.status for answer in answers]
    assert size * 0.9 < len(answers[0]["x-long"] or "")
    assert [0] == [member["failures"] for member in members(site)]


def test_a_head_that_no_app_host_takes_is_no_failure_of_the_host(edge: Start) -> None:
    """It answers 502 itself: it is there, and others would not say anything else."""
    site = edge()

    assert 502 == site.get(f"/?head={17 * 1024}").status
    assert [0] == [member["failures"] for member in members(site)]


@pytest.mark.parametrize("path", ["/events", "/events?length"])
def test_an_event_is_not_kept_until_there_are_more(edge: Start, path: str) -> None:
    """What the app says to the first nginx holds for the second, and is no client's matter."""
    site = edge()
    client = http.client.HTTPConnection("127.0.0.1", site.balancer.port, timeout=GIVES_UP)
    client.request("GET", path)
    answer = client.getresponse()
    first = answer.readline()
    site.get("/go-on")

    assert (FIRST, LAST) == (first, answer.read())
    assert "X-Accel-Buffering" in EVENTS
    assert answer.getheader("X-Accel-Buffering") is None
