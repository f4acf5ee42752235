"""Nginx: the web server on the app's own VM, between its port and the app's socket."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import InstanceOf

from slackwater.settings._base import Settings
from slackwater.settings._faults import Fault
from slackwater.settings._fields import switch, text, whole
from slackwater.settings.tls import Tls

# nginx closes its idle connections to the app after this; an app that closed first would lose the request that
# nginx is sending on the same connection at that moment.
UPSTREAM_IDLE_SECONDS = 2


class Nginx(Settings):
    """How requests reach the app on its own VM."""

    body_limit: int = whole(10, "The largest request body; a larger one is answered 413.", unit="MB", least=1)
    connect_timeout: int = whole(10, "To connect to the app's socket.", unit="seconds", least=1)
    read_timeout: int = whole(60, "Between two reads from the app.", unit="seconds", least=1)
    send_timeout: int = whole(60, "Between two writes to the app.", unit="seconds", least=1)
    gzip: bool = switch(True, "Compress text, JSON, scripts and styles.")
    security_headers: bool = switch(True, "Send X-Content-Type-Options, X-Frame-Options and Referrer-Policy.")
    websocket: bool = switch(True, "Pass the upgrade to WebSocket on to the app.")
    tls: InstanceOf[Tls] | None = text(
        None,
        "Speak TLS on the app's port; `Balancer.backend_tls` is the other side.",
        allowed="Tls.self_signed() or Tls.files(…)",
    )

    def conflicts(self) -> Iterator[Fault]:
        if self.tls and self.tls.kind == "certbot":
            yield self.fault("tls", "must be Tls.self_signed() or Tls.files(…): no authority can reach an app host")
