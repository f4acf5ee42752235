"""Server: gunicorn in front of the app, and its systemd unit."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, get_args

from slackwater.settings._base import Settings
from slackwater.settings._faults import Fault
from slackwater.settings._fields import choice, switch, text, whole
from slackwater.settings.nginx import UPSTREAM_IDLE_SECONDS

Interface = Literal["asgi", "wsgi"]
Profile = Literal["balanced", "cpu", "io"]
WorkerClass = Literal["uvicorn_worker.UvicornWorker", "asgi", "gthread", "sync", "gevent"]

# The first of each is the default.
WORKER_CLASSES: dict[Interface, tuple[WorkerClass, ...]] = {
    "asgi": ("uvicorn_worker.UvicornWorker", "asgi"),
    "wsgi": ("gthread", "sync", "gevent"),
}
# systemd kills what is left after the stop timeout: gunicorn needs this long after its own graceful timeout to
# end its workers, or requests that were about to be answered are cut.
STOP_MARGIN_SECONDS = 15


class Server(Settings):
    """Declared once for all hosts, or in `App(server=…)`; what is None follows from the host or the app."""

    workers: int | None = whole(None, "Worker processes; None takes the number from the host.", least=1)
    profile: Profile = choice("balanced", "What the app waits for; decides the number of workers.", get_args(Profile))
    worker_class: WorkerClass | None = text(
        None,
        "gunicorn's kind of worker; None takes the first of the app's interface.",
        allowed="; ".join(f"{', '.join(map(repr, known))} for {name}" for name, known in WORKER_CLASSES.items()),
    )
    threads: int = whole(4, "Threads in each gthread worker.", least=1)
    worker_connections: int = whole(1000, "Connections that one worker holds.", unit="connections", least=1)
    backlog: int = whole(2048, "Connections that wait on the app's socket.", unit="connections", least=64)
    keepalive: int = whole(75, "Idle connections close after it; nginx closes its own first.", unit="seconds", least=1)
    timeout: int = whole(60, "A worker silent for longer is killed and replaced.", unit="seconds", least=1)
    graceful_timeout: int = whole(30, "How long requests may take to finish at a stop.", unit="seconds", least=1)
    websocket_spread: int = whole(
        5, "WebSockets are closed over so long at a stop, so that not all come back at once.", unit="seconds"
    )
    stop_timeout: int | None = whole(
        None,
        f"When systemd kills what is left; None adds {STOP_MARGIN_SECONDS} to graceful_timeout.",
        unit="seconds",
        least=1,
    )
    max_requests: int = whole(0, "Requests after which a worker is replaced; 0 is never. Replacing costs requests.")
    max_requests_jitter: int = whole(50, "By how much that number differs from worker to worker.", unit="requests")
    preload: bool = switch(False, "Import the app before the workers are forked: less memory, one import.")
    reload: bool = switch(False, "Start again when a file changes; only in development.")
    memory_per_worker: int = whole(256, "What one worker needs; it bounds the number of workers.", unit="MB", least=16)
    memory_max: int | None = whole(None, "The unit's memory limit; None takes it from the host.", unit="MB", least=32)
    access_log: bool = switch(False, "gunicorn's own access log; nginx already writes one.")

    @property
    def effective_stop_timeout(self) -> int:
        """Seconds, for the unit's TimeoutStopSec."""
        return self.stop_timeout or self.graceful_timeout + STOP_MARGIN_SECONDS

    def effective_worker_class(self, interface: Interface) -> WorkerClass:
        return self.worker_class or WORKER_CLASSES[interface][0]

    def conflicts(self) -> Iterator[Fault]:
        if self.effective_stop_timeout <= self.graceful_timeout:
            yield self.fault("stop_timeout", f"must be greater than graceful_timeout ({self.graceful_timeout} seconds)")
        if self.keepalive <= UPSTREAM_IDLE_SECONDS:
            yield self.fault(
                "keepalive", f"must be greater than the {UPSTREAM_IDLE_SECONDS} seconds after which nginx closes"
            )

    def interface_conflicts(self, interface: Interface) -> Iterator[Fault]:
        """Known only once the server meets its app."""
        allowed = WORKER_CLASSES[interface]
        if self.effective_worker_class(interface) not in allowed:
            listed = ", ".join(map(repr, allowed))
            yield self.fault("worker_class", f"must be one of {listed} for an app whose interface is {interface!r}")
        if interface == "asgi" and self.websocket_spread >= self.graceful_timeout:
            yield self.fault(
                "websocket_spread", f"must be less than graceful_timeout ({self.graceful_timeout} seconds)"
            )
