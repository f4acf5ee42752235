"""The ports that every host already uses."""

from __future__ import annotations

from collections.abc import Iterator

from slackwater.settings._base import Settings
from slackwater.settings._faults import Fault

RESERVED_PORTS = {
    22: "sshd",
    8081: "nginx's own state on loopback",
    8082: "the balancer's agent",
    8083: "nginx without members",
}


def port_conflicts(settings: Settings, port: int) -> Iterator[Fault]:
    if port in RESERVED_PORTS:
        taken = ", ".join(f"{number} ({user})" for number, user in RESERVED_PORTS.items())
        yield settings.fault("port", f"must be another port from 1 to 65535: every host uses {taken} itself")
