"""Where instances are machines, their target groups ask them."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from slackwater.lab.cloud import Clock, cloud
from slackwater.lab.cloud.machines import Paper
from slackwater.lab.cloud.probes import ask
from slackwater.lab.metadata import Instance
from tests.lab.cloud.fleet import Fleet

LIMIT = 20.0


class Answering(Paper):
    """All are at loopback, where a test listens."""

    can_be_asked = True

    def start(self, instance: Instance, up: Callable[[], None]) -> None:
        instance.address = "127.0.0.1"
        super().start(instance, up)


class App(ThreadingHTTPServer):
    """On an instance; `status` is what it answers, None nothing at all."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.status: int | None = 200
        self.paths: list[str] = []
        threading.Thread(target=self.serve_forever, daemon=True).start()


class _Handler(BaseHTTPRequestHandler):
    server: App

    def do_GET(self) -> None:
        self.server.paths.append(self.path)
        if self.server.status is None:
            time.sleep(LIMIT)
        self.send_response(self.server.status or 200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """Nothing."""


@pytest.fixture
def app() -> Iterator[App]:
    with App() as running:
        yield running
        running.shutdown()


def group(port: int = 80, **more: Any) -> dict[str, Any]:
    """As DescribeTargetGroups has it."""
    return {"HealthCheckProtocol": "HTTP", "HealthCheckPort": "traffic-port", "HealthCheckTimeoutSeconds": 0.3} | more


@pytest.mark.parametrize(
    ("status", "codes", "complaint"),
    [
        (200, "200", None),
        (204, "200-299", None),
        (302, "200,302", None),
        (302, "200", "Target.ResponseCodeMismatch"),
        (503, "200-499", "Target.ResponseCodeMismatch"),
        (None, "200", "Target.Timeout"),
    ],
)
def test_an_answer_is_judged_by_its_status(app: App, status: int | None, codes: str, complaint: str | None) -> None:
    """A redirect is one, and is not followed; silence is none."""
    app.status = status
    asked = group(HealthCheckPath="/health", Matcher={"HttpCode": codes})

    assert complaint == ask(asked, "127.0.0.1", app.server_port)
    assert ["/health"] == app.paths


@pytest.mark.parametrize("protocol", ["HTTP", "HTTPS", "TCP"])
def test_nobody_there_is_a_failed_check(protocol: str) -> None:
    """Of any protocol."""
    with closing(socket.create_server(("127.0.0.1", 0))) as gone:
        port = gone.getsockname()[1]

    assert "Target.FailedHealthChecks" == ask(group(HealthCheckProtocol=protocol), "127.0.0.1", port)


def test_whoever_listens_passes_a_check_of_tcp(app: App) -> None:
    """At the health check's own port, where it has one; nothing is asked."""
    assert None is ask(group(HealthCheckProtocol="TCP", HealthCheckPort=str(app.server_port)), "127.0.0.1", 9)
    assert [] == app.paths


def test_an_app_that_answers_no_more_is_replaced(app: App) -> None:
    """Initial until it was asked, then healthy; unhealthy after two failures, and the group hears of it."""
    with cloud(lifecycle=True, clock=Clock(), machines=Answering()) as endpoint:
        fleet = Fleet(endpoint)
        arn = fleet.target_group(HealthCheckIntervalSeconds=5, UnhealthyThresholdCount=2, Port=app.server_port)
        fleet.make(TargetGroupARNs=[arn], HealthCheckType="ELB")
        fleet.desire(1)
        one = fleet.ids()[0]
        before = fleet.targets(arn)
        until(fleet, lambda: fleet.targets(arn) == ["healthy"])
        app.status = 500
        asked = len(app.paths)
        until(fleet, lambda: one not in fleet.ids() or fleet.states()[0] == "Terminating")

        assert ["initial"] == before
        assert len(app.paths) >= asked + 2


def until(fleet: Fleet, look: Callable[[], bool]) -> None:
    """Turns the clock by an interval, and leaves the probe a moment to come back."""
    deadline = time.monotonic() + LIMIT
    while not look():
        assert time.monotonic() < deadline, (fleet.states(), fleet.endpoint.cloud.states)
        fleet.turn(5)
        time.sleep(0.1)
