"""A converge that dies anywhere, run again, ends where one that did not die ends."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import requests

from slackwater.lab import Lab, LabHost
from tests.hosts.converge.running import begin, converge, count, out, settle, url

PLACES = (
    "/etc/nginx /etc/slackwater /etc/systemd/system /etc/systemd/journald.conf.d /etc/logrotate.d /etc/apt/apt.conf.d "
    "/etc/tmpfiles.d /usr/local/lib/slackwater /usr/local/sbin /srv/slackwater /opt/slackwater /var/lib/slackwater"
)
FINGERPRINT = f"""
find {PLACES} -name __pycache__ -prune -o -name shop.lock -prune -o -printf '%p %y %m %u %g %l\\n' | sort
find {PLACES} -name __pycache__ -prune -o -type f ! -name RECORD ! -name uv_cache.json -print0 \\
  | sort -z | xargs -0 sha256sum
dpkg-query -W -f '${{Package}} ${{Version}} ${{db:Status-Status}}\\n'
getent passwd sw-shop | cut -d: -f1,6,7
systemctl is-enabled nginx slackwater-shop
systemctl is-active nginx slackwater-shop
slackwater-slots status shop
ls /run/slackwater /run/slackwater/shop
"""
"""Everything that a converge makes, with content, mode and owner; not compiled Python, which holds times."""
AT_ONCE = 3
"""Hosts that are converged side by side: more would only wait for the two cores."""


def fingerprint(host: LabHost) -> list[str]:
    return out(host, FINGERPRINT).splitlines()


def interrupt(lab: Lab, name: str, seconds: float) -> None:
    run = begin(lab, "--limit", name)
    time.sleep(seconds)
    assert run.poll() is None, f"the converge was over before {seconds:.1f} s: nothing was interrupted"
    run.kill()
    run.wait()


def test_kill_9_of_a_converge_at_random_points(passing: Callable[..., Lab]) -> None:
    """Fresh hosts, killed at points spread over the whole run, then converged: the same host as one left in peace."""
    points = count(10)
    lab = passing("interrupted", app=points + 1, balancer=1)
    began = time.monotonic()
    settle(lab, "--limit", "app-1")
    whole = time.monotonic() - began
    dice = random.Random(whole)
    # Each in its own part of the run, so that early and late steps are met; the last second belongs to the report.
    moments = [(part + dice.random()) / points * max(1.0, whole - 1) for part in range(points)]
    names = [f"app-{number + 2}" for number in range(points)]
    for start in range(0, points, AT_ONCE):
        with ThreadPoolExecutor(AT_ONCE) as pool:
            batch = slice(start, start + AT_ONCE)
            list(pool.map(interrupt, [lab] * AT_ONCE, names[batch], moments[batch]))
    settle(lab)
    expected = fingerprint(lab.host("app-1"))

    for name in names:
        assert expected == fingerprint(lab.host(name)), name
    assert {} == converge(lab).changed


def test_more_app_hosts_are_the_same_code(passing: Callable[..., Lab]) -> None:
    """The fleet of the test before: every one of its app hosts answers through the balancer."""
    points = count(10)
    lab = passing("interrupted", app=points + 1, balancer=1)
    answers = [requests.get(url(lab) + "/", timeout=20).json()["instance"] for _ in range(10 * (points + 1))]

    assert {f"app-{number + 1}" for number in range(points + 1)} == set(answers)


def test_kill_9_of_a_converge_that_changes_what_serves(passing: Callable[..., Lab], told: Callable[..., Path]) -> None:
    """Killed anywhere in a change of settings: people are answered all the time, and the next run finishes it."""
    lab = passing("interrupted", app=count(10) + 1, balancer=1)
    place, dice = url(lab, "app-1", 8000), random.Random(7)
    for turn in range(count(10)):
        settings = told(app=f"server = Server(workers={3 + turn})")
        run = begin(lab, "--limit", "app-1", group_data=settings)
        time.sleep(dice.uniform(1.0, 5.0))
        run.kill()
        run.wait()
        answers = [requests.get(place + "/", timeout=20).status_code for _ in range(20)]
        settle(lab, "--limit", "app-1", group_data=settings)

        assert [200] * 20 == answers
        assert {} == converge(lab, "--limit", "app-1", group_data=settings).changed
