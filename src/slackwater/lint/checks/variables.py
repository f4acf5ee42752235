"""Variables and secrets: every value that the deploy will ask for can be read now."""

from __future__ import annotations

from collections.abc import Iterator

from slackwater.errors import SettingsError
from slackwater.lint.fleet import APP, Fleet, Host
from slackwater.settings import Fault, Secret, environment_file


def env_file_is_readable(fleet: Fleet) -> Iterator[Fault]:
    for host in fleet.of(APP):
        name = host.data.get("env_file")
        if isinstance(name, str):
            yield from _file_faults(fleet, host, name)


def _file_faults(fleet: Fleet, host: Host, name: str) -> Iterator[Fault]:
    values, faults = environment_file.read(fleet.project / name, name)
    for fault in faults:
        yield fault if fault.file else host.fault("env_file", name, fault.allowed)
    for key in values.keys() & (host.app.secrets if host.app else {}).keys():
        yield host.fault("env_file", name, f"must not set {key}, which is also in app.secrets: one would silently win")


def secrets_are_readable(fleet: Fleet) -> Iterator[Fault]:
    """Those of the operator's machine; what instances resolve with their own role cannot be tried from here."""
    for app in fleet.apps():
        for secret in app.secrets.values():
            if not secret.is_of_the_instance:
                yield from _secret_faults(fleet, secret)


def _secret_faults(fleet: Fleet, secret: Secret) -> Iterator[Fault]:
    try:
        secret.read(fleet.project)
    except SettingsError:
        if secret.is_sound:
            yield secret.fault("location", secret.wanted)
