"""The edge: files that are read when it is deployed, and what must agree between balancers and app hosts."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from pathlib import Path

from slackwater.errors import SettingsError
from slackwater.lint.fleet import APP, BALANCER, Fleet, Host
from slackwater.settings import Balancer, Fault, Tls

PEM_ALLOWED = "must be a readable file of certificates in PEM"
PAGE_ALLOWED = "must be a readable text file"


def certificates_are_readable(fleet: Fleet) -> Iterator[Fault]:
    """And their keys, and each key is that of its certificate: nginx would not start with another one."""
    for tls in _given(fleet):
        try:
            tls.bundle(fleet.project)
        except SettingsError:
            yield from _unreadable(tls, fleet.project)
            continue
        if not _match(tls, fleet.project):
            yield tls.fault(
                "certificate", "must be the chain of `key`, own certificate first, and the key without password"
            )


def files_of_the_edge_are_readable(fleet: Fleet) -> Iterator[Fault]:
    for balancer in _balancers(fleet):
        if balancer.maintenance_page and not _text(fleet.project / balancer.maintenance_page):
            yield balancer.fault("maintenance_page", PAGE_ALLOWED)
        tls = balancer.backend_tls
        if tls and tls.ca and "-----BEGIN CERTIFICATE-----" not in _text(fleet.project / tls.ca):
            yield tls.fault("ca", PEM_ALLOWED)


def both_sides_speak_tls(fleet: Fleet) -> Iterator[Fault]:
    """With one side alone every request would be answered 400 or 502."""
    for host in fleet.running(APP):
        for balancer in _balancers(fleet):
            yield from _disagreement(host, balancer)


def probes_wait_for_the_hosts_own_answer(fleet: Fleet) -> Iterator[Fault]:
    """An app that hangs is answered 504 by its host's nginx; who does not wait for that takes the host for dead."""
    for host in fleet.running(APP):
        for balancer in _balancers(fleet):
            if host.app and balancer.checks.timeout <= host.app.health.timeout:
                allowed = f"must be greater than health.timeout of {host.app.name} ({host.app.health.timeout})"
                yield balancer.checks.fault("timeout", allowed)


def https_port_is_free(fleet: Fleet) -> Iterator[Fault]:
    for host in fleet.of(BALANCER):
        balancer = host.balancer
        if balancer.tls and APP in host.groups and host.app and host.app.port == balancer.https_port:
            allowed = (
                f"must differ from balancer.https_port: {host.name} is in both groups, and both would listen there"
            )
            yield host.app.fault("port", allowed)


def _balancers(fleet: Fleet) -> list[Balancer]:
    """Each once, however many hosts have it."""
    found = {id(host.balancer): host.balancer for host in fleet.of(BALANCER)}
    return [balancer for balancer in found.values() if balancer.is_sound]


def _given(fleet: Fleet) -> list[Tls]:
    served = [*(balancer.tls for balancer in _balancers(fleet)), *(app.nginx.tls for app in fleet.apps())]
    return [tls for tls in served if tls and tls.is_sound and tls.kind == "files"]


def _unreadable(tls: Tls, project: Path) -> Iterator[Fault]:
    if "-----BEGIN CERTIFICATE-----" not in _text(project / tls.certificate):
        yield tls.fault("certificate", PEM_ALLOWED)
    try:
        if tls.key:
            tls.key.read(project)
    except SettingsError:
        if tls.key and tls.key.is_sound:
            yield tls.key.fault("location", tls.key.wanted)


def _match(tls: Tls, project: Path) -> bool:
    """Of a key in a variable it is seen only on the host: it is not written into a file to look at it."""
    if tls.key is None or tls.key.kind != "file":
        return True
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        context.load_cert_chain(project / tls.certificate, project / tls.key.location, password=lambda: "")
    except (ssl.SSLError, ValueError):
        return False
    return True


def _disagreement(host: Host, balancer: Balancer) -> Iterator[Fault]:
    app = host.app
    if app and app.nginx.tls and not balancer.backend_tls:
        yield app.nginx.fault(
            "tls", "must go with balancer.backend_tls, which is not set: the balancer speaks plain HTTP"
        )
    if app and balancer.backend_tls and not app.nginx.tls:
        yield balancer.fault("backend_tls", f"must go with app.nginx.tls, which {app.name} lacks: it speaks plain HTTP")


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return ""
