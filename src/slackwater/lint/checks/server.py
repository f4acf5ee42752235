"""gunicorn's settings against the app and the environment."""

from __future__ import annotations

from collections.abc import Iterator

from slackwater.lint.fleet import APP, Fleet
from slackwater.settings import Fault


def worker_class_speaks_the_interface(fleet: Fleet) -> Iterator[Fault]:
    """A worker of the other interface starts, and answers every request with 500."""
    for host in fleet.running(APP):
        if host.app:
            yield from host.server.interface_conflicts(host.app.interface)


def reload_is_for_development(fleet: Fleet) -> Iterator[Fault]:
    """Reloading on a change drops the requests of the moment."""
    for host in fleet.running(APP):
        environment = host.data.get("environment", "production")
        if host.server.reload and environment != "development":
            yield host.server.fault("reload", f"must be False in {environment}; only development may reload")
