"""systemd, as far as slots need it."""

from __future__ import annotations

import subprocess

START_TIMEOUT = 30
"""Seconds for systemctl itself: a manager that hangs must not hold the switch, and its lock, for ever."""

LINES = 38
"""Of an app's journal in a message: a traceback of its own before gunicorn's, and within what a converge shows."""


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
    return [unit for unit, state in unit_states(pattern).items() if state not in {"inactive", "failed"}]


def unit_states(pattern: str, timeout: float = START_TIMEOUT) -> dict[str, str]:
    """Of each unit whose name matches: "active", and "deactivating" while it still stops."""
    lines = systemctl("list-units", "--plain", "--no-legend", "--all", pattern, timeout=timeout).splitlines()
    rows = [line.split() for line in lines]
    return {row[0]: row[2] for row in rows if len(row) > 2}


def restarts(unit: str) -> int:
    return int(show(unit, "NRestarts").get("NRestarts") or 0)


def last_lines(unit: str, since: float) -> str:
    """The end of what the unit's processes have said since then; systemd's own words when it could start none."""
    return _journal(f"--since=@{since:.0f}", f"_SYSTEMD_UNIT={unit}") or _journal("-u", unit)


def lines_of_run(unit: str) -> str:
    """The same, of the unit's last run and nothing before it.

    What a process has said that was gone when the journal looked whose it was is of no run there: its number tells.
    """
    found = show(unit, "InvocationID", "ExecMainPID", "ExecMainStartTimestamp")
    run, number, began = (found.get(name) for name in ("InvocationID", "ExecMainPID", "ExecMainStartTimestamp"))
    if not (run and began):
        return ""
    return _journal(f"--since={began}", f"_SYSTEMD_INVOCATION_ID={run}", "+", f"_PID={number}")


def _journal(*words: str) -> str:
    """Empty when the journal hangs: the message it belongs to must come out all the same."""
    try:
        for command in (["journalctl", "--sync"], ["journalctl", "-q", "--no-pager", "-o", "cat", *words]):
            done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=START_TIMEOUT)
    except subprocess.TimeoutExpired:
        return ""
    return "\n".join(done.stdout.strip().splitlines()[-LINES:])
