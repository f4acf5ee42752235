"""What root runs when the app has stopped: the journal is written out and shipped, then each file of drain.d is run.

A unit of its own: the agent, which is not root, may only start it.
"""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from ..files import write_whole
from . import files
from .told import Told, load

FOLDER = "etc/slackwater/drain.d"
AT_SHUTDOWN = "--at-shutdown"
SPARE = 1.0
"""Seconds for the shipper's own start and end, beside what it is told."""
SYNC = 5.0
"""Seconds for the journal; a disk that hangs must not keep logs and hooks from their time."""
LIFT = 5.0
"""Seconds for systemd to lift the limit; a manager that hangs must not keep the hooks from their time."""
SHIPS = "etc/slackwater/logs.json"
SHARE = 0.5
"""Of the time, for shipping logs where there are hooks, too: a bucket that is away must not take theirs."""
LAST = 400
"""Characters of what a hook said that are kept."""


def run(told: Told) -> list[dict[str, Any]]:
    """All of them, in the order of their names, within `Drain.hooks` seconds; one that fails stops no other."""
    begun = time.monotonic()
    end = begun + told.rules.hooks
    _one(["journalctl", "--sync"], min(end, begun + SYNC))
    hooks = list(_found(told.root / FOLDER))
    shipped = _shipped(told.root / SHIPS, end, SHARE if hooks else 1.0)
    return [*shipped, *({"hook": path.name, **_hook(path, end)} for path in hooks)]


def _shipped(configuration: Path, end: float, share: float) -> list[dict[str, Any]]:
    """Empty on a host whose logs go nowhere."""
    if not configuration.exists():
        return []
    begun = time.monotonic()
    limit = max(0.0, share * (end - begun) - SPARE)
    words = [sys.executable, "-sP", "-m", "agents.logs", str(configuration), "--last", "--seconds", f"{limit:.1f}"]
    return [{"hook": "logs", **_one(words, begun + share * (end - begun))}]


def _found(folder: Path) -> Iterator[Path]:
    """As run-parts(8) has it: hidden files and those with a dot, such as what an editor leaves, are no hooks."""
    places = sorted(folder.iterdir()) if folder.is_dir() else []
    yield from (path for path in places if "." not in path.name and path.is_file())


def _hook(path: Path, end: float) -> dict[str, Any]:
    """One that somebody else than root could have written is not run."""
    found = path.stat()
    if found.st_uid != os.geteuid() or found.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        return {"status": None, "said": "must be root's, and writable by root alone", "seconds": 0.0}
    if not found.st_mode & stat.S_IXUSR:
        return {"status": None, "said": "must be executable", "seconds": 0.0}
    return _one([str(path)], end)


def _one(words: list[str], end: float) -> dict[str, Any]:
    begun = time.monotonic()
    limit = end - begun
    if limit <= 0:
        return {"status": None, "said": "there was no time left", "seconds": 0.0}
    try:
        with subprocess.Popen(
            words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True
        ) as process:
            status, said = _ended(process, limit)
    except OSError as error:
        status, said = None, str(error)
    return {"status": status, "said": said[-LAST:], "seconds": round(time.monotonic() - begun, 2)}


def _ended(process: subprocess.Popen[bytes], limit: float) -> tuple[int | None, str]:
    try:
        said, _ = process.communicate(timeout=limit)
    except subprocess.TimeoutExpired:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)  # what it has started, too
        process.wait()
        return None, f"not over after {limit:.0f} s, and killed"
    return process.returncode, said.decode(errors="replace").strip()


def _is_due(leave: Mapping[str, Any] | None, result: Mapping[str, Any] | None, words: list[str], boot: str) -> bool:
    """Once a leave. At the machine's end, after the agent, only when that end, of this boot, is why it left."""
    if leave is None or leave.get("began") is None or (result or {}).get("leave") == leave["began"]:
        return False
    ends = [one.get("boot") for one in leave.get("notices", ()) if one.get("cause") == "shutdown"]
    return AT_SHUTDOWN not in words or boot in ends


def _lift_limit() -> None:
    """At the machine's end they run in the agent's unit, and its limit of memory is for the agent alone."""
    lift = ["systemctl", "set-property", "--runtime", "slackwater-drain.service", "MemoryMax=infinity"]
    with suppress(OSError, subprocess.SubprocessError):  # they run all the same
        subprocess.run(lift, check=True, timeout=LIFT, capture_output=True)


def main() -> None:
    """`python3 -m agents.drain.hooks /etc/slackwater/drain.json [--at-shutdown]`."""
    told = load(Path(sys.argv[1]), Path(os.environ.get("SLACKWATER_ROOT", "/")))
    leave = files.kept(told)
    if leave is None or not _is_due(leave, files.document(told.hooked), sys.argv, files.boot_id(told.run)):
        return
    if AT_SHUTDOWN in sys.argv:
        _lift_limit()
    ran = run(told)
    for one in ran:
        print(f"{one['hook']}: {'ok' if one['status'] == 0 else one['status']} {one['said']}".strip(), file=sys.stderr)
    told.hooked.parent.mkdir(exist_ok=True)
    write_whole(told.hooked, json.dumps({"leave": leave["began"], "hooks": ran}) + "\n", lasting=False)


if __name__ == "__main__":
    main()
