"""What the programs on the host share: processor time and memory of a unit, and who is a member of which balancer."""

from __future__ import annotations

import json
import os
import re
import socket
import time
from collections.abc import Callable, Iterator
from http.client import HTTPConnection
from pathlib import Path

API = "/run/slackwater-balancer/members.sock"
HAPROXY = "/run/haproxy/admin.sock"
AGENT = Path("/etc/slackwater/upstreams.json")
TICKS = os.sysconf("SC_CLK_TCK")
PAUSE = 0.02
"""Seconds between two looks: fine against changes of a second, coarse enough to cost nothing."""
LIMIT = 90.0
"""Seconds: what has not happened by then never will, and the run says so."""


def processes(unit: str) -> Iterator[Path]:
    for place in Path("/proc").glob("[0-9]*"):
        try:
            if f"/{unit}" in (place / "cgroup").read_text():
                yield place
        except OSError:
            pass  # it has ended meanwhile


def cpu_seconds(unit: str) -> float:
    """User and system time of the processes that are there now."""
    fields = [(place / "stat").read_text().rpartition(")")[2].split() for place in processes(unit)]
    return sum(int(words[11]) + int(words[12]) for words in fields) / TICKS


def resident_mb(unit: str) -> float:
    texts = [(place / "status").read_text() for place in processes(unit)]
    return sum(int(found[1]) for text in texts if (found := re.search(r"VmRSS:\s+(\d+)", text))) / 1024


class Api(HTTPConnection):
    """HTTP on the balancer's unix socket."""

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(API)


def members() -> list[dict[str, object]]:
    connection = Api("slackwater")
    connection.request("GET", "/members")
    return list(json.loads(connection.getresponse().read())["members"])


def put(wanted: list[dict[str, object]]) -> None:
    connection = Api("slackwater")
    connection.request("PUT", "/members", json.dumps({"generation": int(time.time()), "members": wanted}))
    answer = connection.getresponse()
    if answer.status != 200:
        raise SystemExit(f"the balancer did not take its members: {answer.status} {answer.read()!r}")


def member(name: str, address: str, port: int) -> dict[str, object]:
    """As the API takes it."""
    return {**place(name, address, port), "since": 0.0, "slow_start": 0}


def place(name: str, address: str, port: int) -> dict[str, object]:
    """As the agent's file has it."""
    return {"name": name, "address": address, "port": port, "weight": 100, "backup": False}


def tell_agent(wanted: list[dict[str, object]]) -> None:
    """Written in place: owner and mode stay, and a file read half is no JSON and so changes nothing."""
    told = json.loads(AGENT.read_text())
    AGENT.write_text(json.dumps(told | {"membership": [{"kind": "inventory", "members": wanted}]}))


def serving_slackwater() -> set[str]:
    return {str(each["address"]) for each in members()}


def not_ejected() -> set[str]:
    return {str(each["address"]) for each in members() if not each["ejected"]}


def serving_haproxy() -> set[str]:
    """Those of the backend `checked` that are UP."""
    connection = socket.socket(socket.AF_UNIX)
    connection.connect(HAPROXY)
    connection.sendall(b"show stat\n")
    rows = [row.split(",") for row in connection.makefile().read().splitlines() if row.startswith("checked,127.")]
    return {row[1] for row in rows if row[17].startswith("UP")}


def wait_until(holds: Callable[[], bool], what: str) -> float:
    """When it first held, by time.time()."""
    deadline = time.time() + LIMIT
    while not holds():
        if time.time() > deadline:
            raise SystemExit(f"not within {LIMIT:.0f} s: {what}")
        time.sleep(PAUSE)
    return time.time()
