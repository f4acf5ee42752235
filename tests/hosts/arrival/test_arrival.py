"""A bare image becomes a ready instance by itself, and the group hears how it went."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

import requests

from slackwater.lab import Lab
from slackwater.lab.cloud import Endpoint, Ground
from slackwater.lab.launches import Launched, Project, launched
from tests.hosts.converge.running import out

ShortLived = Callable[..., AbstractContextManager[Lab]]
NO_INDEX = {"PIP_INDEX_URL": "http://127.0.0.1:9/simple", "UV_DEFAULT_INDEX": "http://127.0.0.1:9/simple"}


def _arrived(one: Launched) -> None:
    one.power_on()

    assert "InService" == one.wait("InService", "gone", "Terminated"), one.journal()
    assert "first" == requests.get(f"http://{one.host.address}:8000/", timeout=10).json()["release"]
    print("seconds", one.seconds())  # noqa: T201 - what docs/self-provisioning.md says of it is measured here


def test_a_bare_image_becomes_ready_unattended(
    lab: ShortLived, sky: Endpoint, ground: Ground, project: Project
) -> None:
    """From power-on to in service, with a package index; metadata are asked with tokens only."""
    with lab("arrival", app=1) as made:
        host = made.host("app-1")
        with launched(host, sky, ground, project, project.bundle()) as one:
            _arrived(one)

            assert "CONTINUE" == project.arrival(one.instance)["result"]
            assert set() == {path for _, path, status in one.service.asked if status in {401, 403}}
            assert "10.0.1.10" in out(host, "grep set_real_ip_from /etc/nginx/slackwater.d/app.conf")
            assert "Valid" in out(host, "cloud-init schema --system 2>&1")
            assert "status: done" in out(host, "cloud-init status --wait")


def test_a_wheelhouse_needs_no_package_index(lab: ShortLived, sky: Endpoint, ground: Ground, project: Project) -> None:
    """Bundle and release bring every package; the index answers nobody."""
    with lab("arrival", app=1) as made:
        bundle = project.bundle("--wheels")
        with launched(made.host("app-1"), sky, ground, project, bundle, variables=NO_INDEX) as one:
            _arrived(one)


def test_another_bundle_than_the_planned_one_is_given_up(
    lab: ShortLived, sky: Endpoint, ground: Ground, project: Project
) -> None:
    """The group hears of it at once, and the reason is in the store when the instance is gone."""
    with lab("arrival", app=1) as made:
        bundle = project.bundle()
        told = {"bundle_sha256": "0" * 64}
        with launched(made.host("app-1"), sky, ground, project, bundle, told=told) as one:
            one.power_on()

            assert "gone" == one.wait("InService", "gone"), one.journal()
            report = project.arrival(one.instance)
            assert ("ABANDON", "bundle") == (report["result"], report["step"])
            assert f"has sha256 {bundle.sha256}, not {'0' * 64}" in report["reason"]
            assert "absent" == out(one.host, "[ -e /etc/nginx ] && echo there || echo absent")
