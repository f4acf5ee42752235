"""Before its end in order the balancer treats a request as ever, but for the connection that it came on."""

from __future__ import annotations

import http.client
import socket
from typing import Any

import pytest

from slackwater import RateLimit
from slackwater.agents.slots.probe import UnixConnection
from tests.edge.conftest import Start
from tests.edge.site import Edge

API = "run/slackwater-balancer/members.sock"


def is_ending(edge: Edge) -> None:
    api = UnixConnection(edge.place / API, 5)
    api.request("PUT", "/closing")
    assert http.client.OK == api.getresponse().status
    api.close()


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_the_app_is_told_the_same(edge: Start, method: str) -> None:
    """Path and query as the client wrote them, its body, and its headers."""
    told, body = edge(), b'{"a": 1}'
    path = "/a%2Fb//c/d?x=%20y&z"
    before = told.ask(method, path, body=body)
    is_ending(told)
    after = told.ask(method, path, body=body)

    assert (200, 200) == (before.status, after.status)
    assert lasting(before.echo) == lasting(after.echo)


def lasting(echo: Any) -> Any:
    """All but what is another one for each request."""
    echo["headers"].pop("x-request-id")
    return echo


def test_the_connection_is_closed(edge: Start) -> None:
    """By what the answer says, and then by the end of what arrives."""
    told = edge()
    is_ending(told)
    with socket.create_connection(("127.0.0.1", told.balancer.port), timeout=5) as client:
        client.sendall(b"GET / HTTP/1.1\r\nHost: here\r\n\r\n")
        said = b"".join(iter(lambda: client.recv(65536), b""))

    assert b"\r\nConnection: close\r\n" in said


def test_a_request_is_counted_once(edge: Start) -> None:
    """It passes two locations, and a limit stands in both."""
    told = edge(rate_limit=RateLimit(per_minute=1, burst=2))
    is_ending(told)

    assert [200, 200, 200, 429] == [told.get().status for _ in range(4)]
