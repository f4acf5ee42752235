"""What stands on a balancer and is asked or told there: the agent's page, nginx's list, scripts that are run beside."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple

from slackwater.lab import LabHost
from tests.hosts.converge.running import out

PAGE = "http://127.0.0.1:8082"
SOCKET = "/run/slackwater-balancer/members.sock"
TOLD = "/etc/slackwater/upstreams.json"
LIMIT = 60.0
"""Seconds for what takes a few: a busy machine boots hosts meanwhile."""
PAUSE = 0.1

API = f"""
import http.client, json, random, socket, sys, time

class Api(http.client.HTTPConnection):
    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect("{SOCKET}")

def ask(method, body=None):
    api = Api("x", timeout=5)
    api.request(method, "/members", body)
    answer = api.getresponse()
    assert answer.status == 200, answer.read()
    content = json.loads(answer.read())
    api.close()
    return content
"""
"""How a script on a balancer begins that asks nginx itself."""
LONGEST_WATCH = 120.0
WATCH = f"""{API}
import select
end, told = time.time() + {LONGEST_WATCH}, False
while time.time() < end:
    if not told and select.select([sys.stdin], [], [], 0)[0]:
        end, told = time.time() + float(sys.argv[2]), True
    for one in ask("GET")["members"]:
        if one["name"] == sys.argv[1]:
            print(time.time(), one["in_flight"], flush=True)
    time.sleep(0.02)
"""


class Look(NamedTuple):
    """Requests that nginx waited for at one member, at a moment in seconds since 1970: hosts of a lab share a clock."""

    when: float
    in_flight: int

    @classmethod
    def of(cls, line: str) -> Look:
        when, in_flight = line.split()
        return cls(float(when), int(in_flight))


def until(condition: Callable[[], bool], what: object, limit: float = LIMIT) -> float:
    """Seconds that it took; `what` is said when it takes longer, and is asked then if it can be called."""
    begun = time.monotonic()
    while not condition():
        if time.monotonic() > begun + limit:
            raise AssertionError(f"not within {limit:g} s: {what() if callable(what) else what}")
        time.sleep(PAUSE)
    return time.monotonic() - begun


def measured(text: str) -> None:
    """A figure for whoever runs the tests with -s; none is asserted, for machines differ."""
    sys.stdout.write(f"\n{text}\n")


def agent(balancer: LabHost) -> dict[str, Any]:
    """The agent's own state."""
    return dict(json.loads(out(balancer, f"curl -sS --max-time 5 {PAGE}/state")))


def states(balancer: LabHost) -> dict[str, str]:
    """Each member's state by its name; none while the agent is away."""
    done = balancer.ssh(f"curl -sS --max-time 5 {PAGE}/state")
    return {m["name"]: m["state"] for m in json.loads(done.stdout)["members"]} if done.returncode == 0 else {}


def listed(balancer: LabHost) -> dict[str, Any]:
    """What nginx answers about its members."""
    return dict(json.loads(out(balancer, f"curl -sS --max-time 5 --unix-socket {SOCKET} http://x/members")))


def members(balancer: LabHost) -> dict[str, tuple[str, int, int]]:
    """Address, port and weight of each member that nginx knows."""
    return {m["name"]: (m["address"], m["port"], m["weight"]) for m in listed(balancer)["members"]}


def places(balancer: LabHost) -> dict[str, tuple[str, int]]:
    """Of each member; its weight is lower for as long as it says that it is not ready, as on a busy machine."""
    return {name: place[:2] for name, place in members(balancer).items()}


def cuts(balancer: LabHost, address: str, port: int) -> list[int]:
    """How many of this balancer's connections to that place the kernel ended, each time that it was asked to."""
    said = out(balancer, "journalctl -o cat -u slackwater-upstreams.service")
    line = rf"^connections to {re.escape(address)}:{port}: cut (\d+)"
    return [int(number) for number in re.findall(line, said, re.MULTILINE)]


def moves(balancer: LabHost, name: str, since: float) -> set[tuple[str, str]]:
    """From which state to which, of the member of that name; hosts of a lab share this machine's clock."""
    known = agent(balancer)["transitions"]
    return {(one["from"], one["to"]) for one in known if one["name"] == name and one["time"] > since}


def settled(balancer: LabHost, wanted: Mapping[str, str], limit: float = LIMIT) -> float:
    """Waits until the agent says so, and tells how long it took."""
    return until(lambda: states(balancer) == dict(wanted), lambda: f"{wanted}, but {states(balancer)}", limit)


def script(balancer: LabHost, text: str, *words: str, limit: float = 1200.0) -> str:
    """Runs a Python script on the host and returns what it printed."""
    done = balancer.ssh(f"python3 - {' '.join(words)}", input=text, timeout=limit)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout.strip()


@contextmanager
def watched(balancer: LabHost, name: str, seconds: float) -> Iterator[list[Look]]:
    """nginx's own count of a member every 20 ms, begun before the block and ended so many seconds behind it.

    The list is whole when the block has ended.
    """
    words = [*balancer.ssh_command(), f"python3 -c {shlex.quote(WATCH)} {name} {seconds:g}"]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as watch:
        assert watch.stdin
        assert watch.stdout
        looks = [Look.of(watch.stdout.readline())]
        try:
            yield looks
        finally:
            watch.stdin.close()
        looks += map(Look.of, watch.stdout)
