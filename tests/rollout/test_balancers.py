"""What a balancer says of the hosts behind it, for the table and for programs."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from slackwater.rollout import balancers

UP = {"name": "app-1", "state": "up", "reason": "", "in_flight": 3}
DOWN = {"name": "app-2", "state": "down", "reason": "3 bad answers: timeout", "in_flight": 1}


def told(*members: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"members": list(members), "sources": [], "floor_held": False, "writer": {"error": ""}, **more}


@pytest.mark.parametrize(
    ("state", "health"),
    [
        (None, "no connection"),
        ({}, "ok"),
        (told(UP), "ok"),
        (told(UP, DOWN), "ok"),
        (told(DOWN), "nobody serves"),
        (told(UP, floor_held=True), "most members look bad: kept in service"),
        (told(UP, writer={"error": "nginx does not answer"}), "nginx does not answer"),
        (told(UP, configuration={"ok": False, "error": "no such file"}), "no such file"),
        (told(UP, sources=[{"kind": "dns", "name": "app", "error": "refused"}]), "dns app: refused"),
        ({"agent": "the agent does not answer"}, "the agent does not answer"),
    ],
)
def test_a_balancer_is_well_or_says_why_not(state: dict[str, Any] | None, health: str) -> None:
    """A member that is down is the member's fault; nobody left to ask is the balancer's."""
    assert health == balancers.health(state)


def test_requests_in_flight_are_summed() -> None:
    """Over all members; a host that is no balancer has none to count."""
    assert 4 == balancers.in_flight(told(UP, DOWN))
    assert balancers.in_flight({}) is None


def test_who_is_not_in_service_has_a_line_with_the_reason() -> None:
    """And nobody else, or a fleet of hundreds would scroll away."""
    assert ["b sees app-2 down: 3 bad answers: timeout"] == balancers.lines("b", told(UP, DOWN))


def test_a_host_without_nginx_of_ours_has_nothing_to_say() -> None:
    """The question itself, on this machine."""
    assert not Path("/etc/nginx/slackwater.d").exists()
    done = subprocess.run(["sh", "-c", balancers.QUESTION], check=True, capture_output=True, text=True)

    assert {} == json.loads(done.stdout)
