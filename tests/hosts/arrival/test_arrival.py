"""A bare image becomes a ready instance by itself, and the group hears how it went."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest
import requests

from slackwater.lab import Lab
from slackwater.lab.cloud import Endpoint, Ground
from slackwater.lab.launches import Launched, Project, launched
from slackwater.lab.launches.launch import HEARTBEAT, LIMIT
from tests.hosts.converge.running import LONG_ONLY, out

ShortLived = Callable[..., AbstractContextManager[Lab]]
LOST = 20
"""Seconds without a network: longer than one attempt of pip's and apt's takes, shorter than all of theirs."""
LOCKED = """
import fcntl, pathlib, time
with open("/var/lib/dpkg/lock-frontend", "w") as lock:
    fcntl.lockf(lock, fcntl.LOCK_EX)
    pathlib.Path("/run/locked").touch()
    end = time.monotonic() + 600
    while not pathlib.Path("/run/let-go").exists() and time.monotonic() < end:
        time.sleep(0.1)
"""
WAITS = "for i in $(seq 3); do pgrep -x apt-get >/dev/null || exit 0; sleep 2; done; echo waits"
"""Whether apt-get runs for so long: with the lock free it would be done, or have begun to unpack and hold it."""
NO_INDEX = {"PIP_INDEX_URL": "http://127.0.0.1:9/simple", "UV_DEFAULT_INDEX": "http://127.0.0.1:9/simple"}


def _arrived(one: Launched) -> None:
    one.power_on()

    assert "InService" == one.wait("InService", "gone", "Terminated"), one.journal()
    assert "first" == requests.get(f"http://{one.host.address}:8000/", timeout=10).json()["release"]
    print("seconds", one.seconds())  # noqa: T201 - what docs/self-provisioning.md says of it is measured here


@pytest.mark.parametrize("suite", ["bookworm", pytest.param("trixie", marks=LONG_ONLY)])
def test_a_bare_image_becomes_ready_unattended(
    lab: ShortLived, sky: Endpoint, ground: Ground, project: Project, suite: str
) -> None:
    """From power-on to in service, with a package index; metadata are asked with tokens only."""
    with lab("arrival", app=1, suite=suite) as made:
        host = made.host("app-1")
        with launched(host, sky, ground, project, project.bundle()) as one:
            _arrived(one)

            assert "CONTINUE" == one.report()["result"]
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


def test_a_lost_network_and_a_locked_dpkg_cost_time_only(
    lab: ShortLived, sky: Endpoint, ground: Ground, project: Project
) -> None:
    """The cable is pulled while the environment is made and while the roles run; then somebody else has dpkg's lock.

    All of it takes longer than the hook waits without a heartbeat.
    """
    with lab("arrival", app=1) as made:
        host = made.host("app-1")
        with launched(host, sky, ground, project, project.bundle()) as one:
            one.power_on()
            _until(lambda: host.ssh("true").returncode == 0, "no login")
            out(host, f"systemd-run --quiet python3 -c '{LOCKED}'")
            for step in ("environment", "converge"):
                _until(lambda step=step: f"{step} …" in one.journal(), step)  # type: ignore[misc]
                host.network("off")
                time.sleep(LOST)
                host.network("on")
            _until(lambda: "waits" in host.ssh(WAITS).stdout, "apt-get never waits for the lock")
            _until(lambda: time.time() > one.began + HEARTBEAT, "the clock stands")
            out(host, "test -e /run/locked && touch /run/let-go")

            assert "InService" == one.wait("InService", "gone", "Terminated"), one.journal()
            assert "CONTINUE" == one.report()["result"]
            assert "first" == requests.get(f"http://{host.address}:8000/", timeout=10).json()["release"]
            print("seconds", one.seconds())  # noqa: T201 - beside those of an undisturbed boot


def _until(condition: Callable[[], bool], what: str) -> None:
    end = time.monotonic() + LIMIT
    while not condition():
        assert time.monotonic() < end, what
        time.sleep(0.2)
