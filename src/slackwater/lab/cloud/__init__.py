"""A cloud on this machine: moto over HTTP, and under it an Auto Scaling service that behaves as AWS documents."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from slackwater.lab.cloud.clock import Clock
    from slackwater.lab.cloud.endpoint import Endpoint
    from slackwater.lab.cloud.levers import Ground
    from slackwater.lab.cloud.server import cloud

__all__ = ["Clock", "Endpoint", "Ground", "cloud"]
_HOMES = {"Clock": "clock", "Endpoint": "endpoint", "Ground": "levers", "cloud": "server"}


def __getattr__(name: str) -> Any:
    """moto takes a second to import, and `slackwater lab cloud down` needs nothing of it."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
