"""A converge that dies anywhere, run again, ends where one that did not die ends."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import requests

from slackwater.lab import Lab, LabHost
from tests.hosts.balancers.desk import until
from tests.hosts.converge.running import begin, converge, count, out, settle, url

PLACES = (
    "/etc/nginx /etc/slackwater /etc/systemd/system /etc/systemd/journald.conf.d /etc/logrotate.d /etc/apt/apt.conf.d "
    "/etc/tmpfiles.d /usr/local/lib/slackwater /usr/local/sbin /srv/slackwater /opt/slackwater /var/lib/slackwater"
)
FINGERPRINT = f"""
find {PLACES} -name __pycache__ -prune -o -name shop.lock -prune -o -printf '%p %y %m %u %g %l\\n' | sort
find {PLACES} -name __pycache__ -prune -o -type f ! -name RECORD ! -name uv_cache.json ! -name leave.json -print0 \\
  | sort -z | xargs -0 sha256sum
dpkg-query -W -f '${{Package}} ${{Version}} ${{db:Status-Status}}\\n'
getent passwd sw-shop | cut -d: -f1,6,7
systemctl is-enabled nginx slackwater-shop
systemctl is-active nginx slackwater-shop
slackwater-slots status shop
ls /run/slackwater /run/slackwater/shop
"""
"""Everything that a converge makes, with content, mode and owner; not compiled Python and the drain's own note, which
hold times."""
AT_ONCE = 3
"""Hosts that are converged side by side: more would only wait for the two cores."""
PAUSE = 0.02


def fingerprint(host: LabHost) -> list[str]:
    return out(host, FINGERPRINT).splitlines()


@dataclass(frozen=True)
class Point:
    """After so many lines of what a converge says, and so many seconds, or at its next line if that comes sooner."""

    lines: int
    seconds: float


def said(file: Path) -> int:
    return file.read_text().count("\n")


def followed(lab: Lab, name: str, file: Path) -> list[float]:
    """Converges a fresh host in peace: after how many seconds each line was said, and at the end, when it was over."""
    run, began, seen = begin(lab, "--limit", name, said=file), time.monotonic(), []
    while run.poll() is None:
        time.sleep(PAUSE)
        seen += [time.monotonic() - began] * (said(file) - len(seen))
    assert run.returncode == 0, file.read_text()[-6000:]
    return [*seen, time.monotonic() - began]


def points(seen: list[float], number: int) -> list[Point]:
    """Each in its own part of the run, so that early and late steps are met; the last second belongs to the report."""
    whole = max(1.0, seen[-1] - 1)
    dice = random.Random(whole)
    moments = [(part + dice.random()) / number * whole for part in range(number)]
    before = [[0.0, *(line for line in seen if line <= moment)] for moment in moments]
    return [Point(len(lines) - 1, moment - lines[-1]) for moment, lines in zip(moments, before, strict=True)]


def interrupt(lab: Lab, name: str, point: Point, file: Path) -> None:
    """The machine may be busier or idler than it was: it is what was done, not the time, that says how far a run is."""
    run = begin(lab, "--limit", name, said=file)
    while run.poll() is None and said(file) < point.lines:
        time.sleep(PAUSE)
    end = time.monotonic() + point.seconds
    while run.poll() is None and said(file) <= point.lines and time.monotonic() < end:
        time.sleep(PAUSE)
    assert run.poll() is None, f"the converge was over before {point}: nothing was interrupted"
    run.kill()
    run.wait()


def test_kill_9_of_a_converge_at_random_points(passing: Callable[..., Lab], tmp_path: Path) -> None:
    """Fresh hosts, killed at points spread over the whole run, then converged: the same host as one left in peace."""
    number = count(10)
    lab = passing("interrupted", app=number + 1, balancer=1)
    killed = points(followed(lab, "app-1", tmp_path / "app-1"), number)
    names = [f"app-{each + 2}" for each in range(number)]
    for start in range(0, number, AT_ONCE):
        with ThreadPoolExecutor(AT_ONCE) as pool:
            batch = names[start : start + AT_ONCE]
            files = [tmp_path / name for name in batch]
            list(pool.map(interrupt, [lab] * AT_ONCE, batch, killed[start : start + AT_ONCE], files))
    settle(lab)
    expected = fingerprint(lab.host("app-1"))

    for name in names:
        assert expected == fingerprint(lab.host(name)), name
    assert {} == converge(lab).changed


def test_more_app_hosts_are_the_same_code(passing: Callable[..., Lab]) -> None:
    """The fleet of the test before: every one of its app hosts answers through the balancer."""
    number = count(10)
    lab = passing("interrupted", app=number + 1, balancer=1)
    expected = {f"app-{each + 1}" for each in range(number + 1)}

    # One that has just come, or was not ready for a moment, has a tenth of its weight for a while.
    until(lambda: expected == answering(lab, 10 * (number + 1)), f"{sorted(expected)} answering")


def answering(lab: Lab, times: int) -> set[str]:
    return {requests.get(url(lab) + "/", timeout=20).json()["instance"] for _ in range(times)}


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
