"""What the role keepalived gives the kernel: balancers, a client, an address that moves, in networks of their own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from slackwater.engine.render import render
from slackwater.engine.vrrp import Router

PATIENCE = 10
"""Seconds for what takes milliseconds, so that a fault ends a test."""
SERVER = """
import socket, sys, threading
name, address = sys.argv[1:]
family = socket.AF_INET6 if ":" in address else socket.AF_INET
def serve(connection):
    with connection:
        while connection.recv(100) == b"?":
            connection.sendall(name.encode())
with socket.create_server(("::" if family == socket.AF_INET6 else "", 80), family=family) as server:
    print("listens", flush=True)
    while True:
        threading.Thread(target=serve, args=(server.accept()[0],), daemon=True).start()
"""
CLIENT = """
import socket, sys
def asked(connection):
    try:
        connection.sendall(b"?")
        return connection.recv(100).decode()
    except OSError as error:
        return type(error).__name__
def connected(port=0):
    return socket.create_connection((sys.argv[1], 80), 5, ("", port))
old = connected()
print(asked(old), flush=True)
for line in sys.stdin:
    if line == "again\\n":
        port = old.getsockname()[1]
        old.sendall(b"end")
        old.recv(1)
        old.close()
        old = connected(port)
    with connected() as new:
        print(asked(old), asked(new), flush=True)
"""
ADVERT = """
import socket, sys
own, to, number, priority, hops = sys.argv[1], sys.argv[2], *map(int, sys.argv[3:])
family = socket.AF_INET6 if ":" in to else socket.AF_INET
with socket.socket(family, socket.SOCK_RAW, 112) as sender:
    sender.bind((own, 0))
    if family == socket.AF_INET6:
        sender.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_UNICAST_HOPS, hops)
    else:
        sender.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, hops)
    sender.sendto(bytes([0x31, number, priority, 1, 0, 50, 0, 0]) + bytes(4), (to, 0))
"""


@dataclass(frozen=True)
class Network:
    """Namespaces `first`, `second`, `third` and `client` behind one switch; `.9` is the address that moves."""

    prefix: str
    tag: str
    files: Path

    def address(self, number: int) -> str:
        return f"{self.prefix}{number}"

    @property
    def moving(self) -> str:
        return self.address(9)

    def at(self, name: str, *words: str) -> list[str]:
        return ["ip", "netns", "exec", f"{self.tag}{name}", *words]

    def do(self, name: str, words: str) -> None:
        run(*self.at(name, *words.split()))

    def has_it(self, name: str, verb: str) -> None:
        """Adds or deletes the moving address, as keepalived does."""
        bits, more = (128, " nodad") if ":" in self.prefix else (32, "")
        self.do(name, f"ip address {verb} {self.moving}/{bits} dev eth0{more}")

    def set_up(self, name: str, own: int, *peers: int) -> None:
        """The product's own script; /run is another one for it, so that the two do not share a file."""
        router = Router(7, "eth0", self.address(own), tuple(map(self.address, peers)), 100)
        rules, script = self.files / f"{name}.nft", self.files / name
        rules.write_text(render("keepalived/handover.nft.j2", router=router, address=self.moving, seconds=75))
        words = {"address": self.moving, "length": 128 if ":" in self.prefix else 32}
        script.write_text(render("keepalived/handover.j2", rules=rules, **words))
        run(
            *self.at(
                name, "unshare", "-m", "sh", "-ec", f"mount -t tmpfs run /run; sh {script} start; sh {script} start"
            )
        )

    def says(self, own: int, to: int, priority: int, number: int = 7, hops: int = 255) -> None:
        name = {1: "first", 2: "second", 4: "third"}[own]
        words = [self.address(own), self.address(to), str(number), str(priority), str(hops)]
        run(*self.at(name, sys.executable, "-c", ADVERT, *words))


def run(*words: str) -> str:
    """What it printed."""
    done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=PATIENCE)
    assert 0 == done.returncode, (words, done.stderr)
    return done.stdout


@pytest.fixture(params=["10.0.0.", "2001:db8::"])
def network(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Network]:
    made = Network(request.param, f"t{os.getpid()}-", tmp_path)
    names = ("switch", "first", "second", "client", "third")
    with ExitStack() as stack:
        for name in names:
            run("ip", "netns", "add", f"{made.tag}{name}")
            stack.callback(run, "ip", "netns", "delete", f"{made.tag}{name}")
            made.do(name, "ip link set lo up")
        made.do("switch", "ip link add bridge type bridge")
        made.do("switch", "ip link set bridge up")
        for number, name in enumerate(names[1:], 1):
            connect(made, number, name)
        made.set_up("first", 1, 2, 4)
        made.set_up("second", 2, 1, 4)
        made.set_up("third", 4, 1, 2)
        yield made


def connect(network: Network, number: int, name: str) -> None:
    """With a cable to the switch. No address waits until its network has been asked for it."""
    bits, more = (64, " nodad") if ":" in network.prefix else (24, "")
    network.do("switch", f"ip link add port{number} type veth peer name eth0 netns {network.tag}{name}")
    network.do("switch", f"ip link set port{number} master bridge up")
    network.do(name, f"ip address add {network.address(number)}/{bits} dev eth0{more}")
    network.do(name, "ip link set eth0 up")


@pytest.fixture
def client(network: Network) -> Iterator[subprocess.Popen[str]]:
    """Connected to the first balancer, which has the address."""
    network.has_it("first", "add")
    with ExitStack() as stack:
        for name in ("first", "second", "third"):
            server = started(stack, network.at(name, sys.executable, "-c", SERVER, name, network.moving))
            assert "listens\n" == heard(server)
        made = started(stack, network.at("client", sys.executable, "-c", CLIENT, network.moving))
        assert "first\n" == heard(made)
        yield made


def started(stack: ExitStack, words: list[str]) -> subprocess.Popen[str]:
    process = stack.enter_context(subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True))
    stack.callback(process.kill)
    return process


def heard(process: subprocess.Popen[str]) -> str:
    assert process.stdout
    return process.stdout.readline()


def asks(client: subprocess.Popen[str], how: str = "") -> list[str]:
    """Who answers on the connection that it has, and who on a new one; "again": ended by the server and made anew."""
    assert client.stdin
    client.stdin.write(f"{how}\n")
    client.stdin.flush()
    return heard(client).split()


def move(network: Network, old: str = "first", new: str = "second") -> None:
    network.has_it(old, "delete")
    network.has_it(new, "add")
    network.do("client", "ip neighbour flush all")


def test_who_stops_in_order_finishes_its_connections(network: Network, client: subprocess.Popen[str]) -> None:
    """Each packet of theirs is handed on by the next holder, which answers all that is new."""
    network.says(1, 2, priority=0)
    move(network)

    assert [["first", "second"]] * 3 == [asks(client) for _ in range(3)]


def test_a_port_used_again_belongs_to_its_new_connection(network: Network, client: subprocess.Popen[str]) -> None:
    """For a minute the kernel remembers a connection that it ended; the client may be at that port again, elsewhere."""
    network.says(1, 2, priority=0)
    move(network)
    assert ["second", "second"] == asks(client, "again")
    network.says(2, 1, priority=0)
    move(network, "second", "first")

    assert ["second", "first"] == asks(client)


def test_who_connects_by_a_cookie_is_ones_own(network: Network, client: subprocess.Popen[str]) -> None:
    """Of such a connection the kernel knows nothing until it is made: its queue is full."""
    network.do("second", "sysctl -q -w net.ipv4.tcp_syncookies=2")
    network.says(1, 2, priority=0)
    move(network)

    assert [["first", "second"]] * 3 == [asks(client) for _ in range(3)]


@pytest.mark.parametrize(("priority", "number", "hops"), [(100, 7, 255), (0, 8, 255), (0, 7, 254)])
def test_who_does_not_is_handed_nothing(
    network: Network, client: subprocess.Popen[str], priority: int, number: int, hops: int
) -> None:
    """Is worse, stops in another fleet, or is not on this cable: the client hears at once that its connection ended."""
    network.says(1, 2, priority, number, hops)
    move(network)

    assert ["ConnectionResetError", "second"] == asks(client)


def test_nobody_hands_on_what_was_handed_on(network: Network, client: subprocess.Popen[str]) -> None:
    """Two that have each just had the address would send a stray packet to and fro."""
    network.says(1, 2, priority=0)
    move(network)
    network.says(2, 1, priority=0)
    network.do("first", "ss --kill --tcp state established")

    assert ["ConnectionResetError", "second"] == asks(client)


def test_the_last_who_had_it_is_the_one(network: Network, client: subprocess.Popen[str]) -> None:
    """Two stop one after the other: the third hands on to the second, not to the first that it had heard of before."""
    network.says(1, 4, priority=0)
    network.says(1, 2, priority=0)
    move(network)
    with ExitStack() as stack:
        later = started(stack, network.at("client", sys.executable, "-c", CLIENT, network.moving))
        assert "second\n" == heard(later)
        network.says(2, 4, priority=0)
        move(network, "second", "third")

        assert ["second", "third"] == asks(later)


def test_what_it_changed_is_put_back(network: Network) -> None:
    """On a host that was no balancer before: nothing of the loopback, the rules and the interfaces' answers is left."""
    arp = "/proc/sys/net/ipv4/conf/all/arp_*"
    look = f"cat {arp}; ip address show dev lo; nft list ruleset"
    script = network.files / "first"
    words = f"mount -t tmpfs run /run; {look}; echo CUT; sh {script} start; {look}; echo CUT; sh {script} stop; {look}"
    before, meanwhile, after = run(*network.at("client", "unshare", "-m", "sh", "-ec", words)).split("CUT\n")

    assert before == after != meanwhile
