"""The user's own command on a lab's hosts, and what it said it changed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests

from slackwater.lab import Lab, LabHost

HOUSE = Path(__file__).resolve().parents[3]
BIN = Path(sys.executable).parent
LIMIT = 600
"""Seconds for one converge: a machine with two busy cores needs a tenth of it."""
BOOT_LIMIT = 60.0
"""Seconds until a host that boots must serve: on a busy machine the boot alone takes twenty."""
LONG = bool(os.environ.get("SLACKWATER_LONG"))


LONG_ONLY = pytest.mark.skipif(not LONG, reason="a row of a long run: --long")
"""Of a table whose rows go the same way, those that a shorter run leaves out."""


def count(full: int) -> int:
    """How often a counted point is tried: in full with --long, otherwise a tenth of it, at least three times."""
    return full if LONG else max(3, full // 10)


def rate(full: int) -> int:
    """Requests a second: in full with --long, where nothing runs beside them; a third where lanes share processors."""
    return full if LONG else full // 3


@dataclass(frozen=True)
class Outcome:
    """Exit status, what was written for people, and the operations that changed something: their hosts by name."""

    status: int
    said: str
    changed: dict[str, set[str]]
    failed: set[str]


def command(*words: str, group_data: Path | None = None, inventory: Path | None = None) -> list[str]:
    extra = ["--group-data", str(group_data)] if group_data else []
    return [str(BIN / "pyinfra"), str(inventory or "inventories/local.py"), "deploy.py", *extra, *words]


def environment(lab: Lab) -> dict[str, str]:
    return os.environ | {"SLACKWATER_LAB": lab.name, "PATH": f"{BIN}:{os.environ['PATH']}"}


def begin(
    lab: Lab, *words: str, group_data: Path | None = None, said: Path = Path(os.devnull)
) -> subprocess.Popen[str]:
    """Starts a converge and does not wait for it; what it says goes into a file."""
    line = command("-y", *words, group_data=group_data)
    with said.open("w") as file:
        return subprocess.Popen(
            line, cwd=HOUSE, env=environment(lab), stdin=subprocess.DEVNULL, stdout=file, stderr=file, text=True
        )


def run(
    lab: Lab, *words: str, group_data: Path | None = None, inventory: Path | None = None
) -> subprocess.CompletedProcess[str]:
    """`pyinfra inventories/local.py deploy.py --json …`, as an operator's program would run it."""
    line = command("--json", *words, group_data=group_data, inventory=inventory)
    return subprocess.run(
        line,
        cwd=HOUSE,
        env=environment(lab),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=LIMIT,
        check=False,
    )


def converge(lab: Lab, *words: str, group_data: Path | None = None, inventory: Path | None = None) -> Outcome:
    """What a run that asks nothing did."""
    done = run(lab, "-y", *words, group_data=group_data, inventory=inventory)
    results: dict[str, Any] = json.loads(done.stdout)["results"] if done.stdout.startswith("{") else {}
    changed = {row["name"]: set(row["success"]) for row in results.get("operations", ()) if row["success"]}
    return Outcome(done.returncode, done.stderr, changed, set(results.get("failed_hosts", ())))


def settle(lab: Lab, *words: str, group_data: Path | None = None, inventory: Path | None = None) -> Outcome:
    """A converge that must succeed."""
    outcome = converge(lab, *words, group_data=group_data, inventory=inventory)
    assert outcome.status == 0, outcome.said[-6000:]
    return outcome


def out(host: LabHost, text: str) -> str:
    """What the command printed; it must succeed."""
    done = host.ssh(text)
    assert done.returncode == 0, f"{host.name}: {text}: {done.stdout}{done.stderr}"
    return done.stdout.strip()


def live_slot(host: LabHost, app: str = "shop") -> str:
    """What is live by what is on disk, whether there is something to mend or not."""
    return str(json.loads(out(host, f"slackwater-slots status {app} --json"))["slot"])


def url(lab: Lab, host: str = "balancer-1", port: int = 80) -> str:
    suffix = "" if port == 80 else f":{port}"
    return f"http://{lab.host(host).address}{suffix}"


def served(place: str, path: str = "/") -> requests.Response:
    """The first answer that is none of a proxy whose host still boots."""
    deadline = time.monotonic() + BOOT_LIMIT
    while True:
        with suppress(requests.RequestException):
            answer = requests.get(place + path, timeout=5)
            if answer.status_code not in {502, 504}:
                return answer
        assert time.monotonic() < deadline, f"{place} does not serve"
        time.sleep(0.2)
