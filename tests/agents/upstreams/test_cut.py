"""The helper that cuts connections: what it refuses, and what the kernel does in a network of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from slackwater.agents import cut
from slackwater.resources import resource

KNOWN = {"10.0.0.1:8000", "[2001:db8::1]:8000"}
CLIENT = """
import socket, subprocess, sys
state, v6 = sys.argv[1], sys.argv[2] == "6"
family, address = (socket.AF_INET6, "::1") if v6 else (socket.AF_INET, "127.0.0.1")
def listening(port):
    server = socket.socket(family); server.bind((address, port)); server.listen(); return server
def connected(port):
    client = socket.socket(family); client.settimeout(5); client.connect((address, port)); return client
servers = [listening(8000), listening(8001)]
dead, alive = [connected(8000) for _ in range(3)], connected(8001)
for client in dead:
    client.send(b"GET / HTTP/1.1")
words = [sys.executable, "-sP", "-m", "agents.cut", state]
lines = f"{address} 8000\\n10.9.9.9 8000\\n{address} 8001 --all\\n{address} 8000\\n"
print(subprocess.run(words, input=lines, capture_output=True, text=True, check=True).stdout, end="")
for client in dead:
    try:
        print(client.recv(1))
    except OSError as error:
        print(type(error).__name__)
alive.send(b"x")
print("alive", servers[1].accept()[0].recv(1))
"""

POWERLESS = """
import os, socket
from agents import cut
server = socket.create_server(("127.0.0.1", 8000))
client = socket.create_connection(server.getsockname())
os.setuid(65534)
print(cut.cut("127.0.0.1", 8000))
"""


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("", "refused: a line must be an address, a space and a port"),
        ("10.0.0.1", "refused: a line must be an address, a space and a port"),
        ("10.0.0.1 8000 ", "refused: a line must be an address, a space and a port"),
        ("10.0.0.1  8000", "refused: a line must be an address, a space and a port"),
        ("10.0.0.1 " + "8" * 100, "refused: a line must be an address, a space and a port"),
        ("10.0.0.1 0", "refused: a port must be a number from 1 to 65535"),
        ("10.0.0.1 65536", "refused: a port must be a number from 1 to 65535"),
        ("10.0.0.1 -1", "refused: a port must be a number from 1 to 65535"),
        ("10.0.0.1 ٨٠", "refused: a port must be a number from 1 to 65535"),
        ("10.0.0.0/8 8000", "refused: '10.0.0.0/8' does not appear to be an IPv4 or IPv6 address"),
        ("app.internal 8000", "refused: 'app.internal' does not appear to be an IPv4 or IPv6 address"),
        ("* 8000", "refused: '*' does not appear to be an IPv4 or IPv6 address"),
        ("fe80::1%eth0 8000", "refused: an address must have no zone"),
        ("10.0.0.2 8000", "refused: 10.0.0.2:8000 is no backend of this balancer"),
        ("10.0.0.1 8001", "refused: 10.0.0.1:8001 is no backend of this balancer"),
        ("2001:db8::2 8000", "refused: [2001:db8::2]:8000 is no backend of this balancer"),
    ],
)
def test_what_is_refused(line: str, expected: str) -> None:
    """Anything but one address and one port of a backend; `ss` is not even started."""
    assert [expected] == list(cut.answers([line], KNOWN))


def test_known_places_come_from_both_files(tmp_path: Path) -> None:
    """Members, and those that are members no more; what is broken or not there names nobody."""
    member = {"name": "app-1", "address": "10.0.0.1", "port": 8000}
    (tmp_path / "members.json").write_text(json.dumps({"generation": 1, "members": [member, "x"]}))
    (tmp_path / "known.json").write_text(json.dumps({"places": ["[2001:db8::1]:8000"]}))
    known = cut.known_places(tmp_path)
    (tmp_path / "known.json").write_text("{")
    (tmp_path / "members.json").unlink()

    assert known == KNOWN
    assert set() == cut.known_places(tmp_path)


@pytest.fixture
def network() -> Iterator[str]:
    """A network of its own, whose sockets are nobody else's."""
    name = f"t{os.getpid()}-cut"
    subprocess.run(["ip", "netns", "add", name], check=True)
    subprocess.run(["ip", "-n", name, "link", "set", "lo", "up"], check=True)
    yield name
    subprocess.run(["ip", "netns", "delete", name], check=True)


@pytest.mark.parametrize(("family", "address"), [("4", "127.0.0.1"), ("6", "[::1]")])
def test_the_kernel_cuts(network: str, tmp_path: Path, family: str, address: str) -> None:
    """Every connection to that place and no other; those who wait see an error at once."""
    (tmp_path / "known.json").write_text(json.dumps({"places": [f"{address}:8000", f"{address}:8001"]}))
    words = ["ip", "netns", "exec", network, sys.executable, "-c", CLIENT, str(tmp_path), family]
    environment = {"PYTHONPATH": str(resource("agents").parent), "PATH": os.environ["PATH"]}
    done = subprocess.run(words, capture_output=True, text=True, env=environment, timeout=30, check=True)

    assert [
        "cut 3",
        "refused: 10.9.9.9:8000 is no backend of this balancer",
        "refused: a line must be an address, a space and a port",
        "cut 0",
        *["ConnectionAbortedError"] * 3,
        "alive b'x'",
    ] == done.stdout.splitlines()


def test_without_the_right_it_says_so(network: str) -> None:
    """A kernel or a unit that does not allow it: the caller hears it instead of a success."""
    words = ["ip", "netns", "exec", network, sys.executable, "-c", POWERLESS]
    environment = {"PYTHONPATH": str(resource("agents").parent), "PATH": os.environ["PATH"]}
    done = subprocess.run(words, capture_output=True, text=True, env=environment, timeout=30, check=True)

    assert done.stdout.startswith("failed: ")


KERNEL_CANNOT = """#!/bin/sh
echo 'RTNETLINK answers: Operation not supported' >&2
"""
"""`ss` passes over such a connection, lists nothing and ends well (iproute2, misc/ss.c, show_one_inet_sock)."""


def test_a_kernel_that_cannot_is_no_success(tmp_path: Path) -> None:
    """It was built without the option: the caller hears it instead of a number."""
    program = tmp_path / "ss"
    program.write_text(KERNEL_CANNOT)
    program.chmod(0o755)
    words = [sys.executable, "-c", "from agents import cut; print(cut.cut('10.0.0.1', 8000))"]
    environment = {"PYTHONPATH": str(resource("agents").parent), "PATH": f"{tmp_path}:{os.environ['PATH']}"}
    done = subprocess.run(words, capture_output=True, text=True, env=environment, timeout=30, check=True)

    assert "failed: RTNETLINK answers: Operation not supported\n" == done.stdout
