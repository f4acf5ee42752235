"""systemd, as far as slots need it."""

from __future__ import annotations

import subprocess

START_TIMEOUT = 30
"""Seconds for systemctl itself: a manager that hangs must not hold the switch, and its lock, for ever."""


def systemctl(*words: str, timeout: float = START_TIMEOUT) -> str:
    """Runs systemctl; raises subprocess.CalledProcessError with what it said."""
    done = subprocess.run(["systemctl", *words], check=True, capture_output=True, text=True, timeout=timeout)
    return done.stdout


def forget_failure(*units: str) -> None:
    """A unit that was stopped on purpose must not stay in `systemctl --failed`; one that has not failed is no error."""
    subprocess.run(["systemctl", "reset-failed", *units], check=False, capture_output=True, timeout=START_TIMEOUT)


def show(unit: str, *properties: str) -> dict[str, str]:
    lines = systemctl("show", "-p", ",".join(properties), unit).splitlines()
    return dict(line.split("=", 1) for line in lines if "=" in line)


def active(unit: str) -> bool:
    return show(unit, "ActiveState").get("ActiveState") in {"active", "reloading"}


def stale(unit: str) -> bool:
    """Whether its file has changed since systemd read it."""
    return show(unit, "NeedDaemonReload").get("NeedDaemonReload") == "yes"


def active_units(pattern: str) -> list[str]:
    """Units that run or try to, whose name matches."""
    lines = systemctl("list-units", "--plain", "--no-legend", "--all", pattern).splitlines()
    rows = [line.split() for line in lines]
    return [row[0] for row in rows if len(row) > 2 and row[2] not in {"inactive", "failed"}]


def last_lines(unit: str, count: int = 40) -> str:
    """The end of the unit's journal, for a message about its failure."""
    words = ["journalctl", "--no-pager", "-o", "cat", "-n", str(count), "-u", unit]
    return subprocess.run(words, check=False, capture_output=True, text=True, timeout=START_TIMEOUT).stdout.strip()
