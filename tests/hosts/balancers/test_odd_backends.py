"""One backend of three misbehaves, each in its own way, while people are served."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from slackwater.lab import LabHost
from tests.hosts.balancers.desk import TOLD, cuts, measured, moves, script, settled, states, until
from tests.hosts.converge.running import out, rate
from tests.hosts.releases.site import Site, traffic

RATE, RTT = rate(300), 0.04
PORT = 8100
ODD = """
import asyncio, json, sys, time
from urllib.parse import parse_qs, urlsplit

MODE, begun = sys.argv[1], time.monotonic()

async def body_of(reader, head):
    length = next((int(line.split(b":")[1]) for line in head if line.lower().startswith(b"content-length:")), 0)
    await reader.readexactly(length)

def header(head, name):
    return next((line.split(b":", 1)[1].strip().decode() for line in head if line.lower().startswith(name)), "")

async def answer(writer, status, content, body):
    text = f"HTTP/1.1 {status} X\\r\\nContent-Type: application/json\\r\\nContent-Length: {len(body)}\\r\\n\\r\\n"
    writer.write(text.encode() + body)
    await writer.drain()

async def serve(reader, writer):
    number = 0
    try:
        while True:
            head = (await reader.readuntil(b"\\r\\n\\r\\n")).split(b"\\r\\n")
            await body_of(reader, head)
            url = urlsplit(head[0].split()[1].decode())
            probe = url.path.startswith("/.slackwater")
            number += 1
            if MODE == "hangs":
                await asyncio.sleep(3600)
            if MODE == "flaps" and int(time.monotonic() - begun) % 12 < 6:
                return
            if MODE == "slow":
                await asyncio.sleep(0.5)
            if MODE == "slow body" and probe:
                writer.write(b"HTTP/1.1 200 OK\\r\\nContent-Length: 100\\r\\n\\r\\nx")
                await asyncio.sleep(3600)
            status = 503 if MODE == "half 5xx" and not probe and hash(header(head, b"x-request-id:")) % 2 else 200
            ms = int(parse_qs(url.query).get("ms", ["0"])[0])
            await asyncio.sleep(ms / 1000)
            said = {"id": header(head, b"x-request-id:"), "release": "odd", "status": "strange"}
            await answer(writer, status, "", json.dumps(said).encode())
    except (asyncio.IncompleteReadError, ConnectionError):
        pass
    finally:
        writer.close()

async def main():
    async with await asyncio.start_server(serve, "0.0.0.0", int(sys.argv[2]), backlog=1024) as server:
        await server.serve_forever()

asyncio.run(main())
"""
ADD = """
import json, os, shutil, sys
path, address, port, body = sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4]
told = json.load(open(path))
members = [one for one in told["membership"][0]["members"] if one["address"] != address]
told["membership"][0]["members"] = [*members, {"name": "odd", "address": address, "port": port}]
told["checks"]["body"] = None if body == "-" else body
told["policy"]["slow_start"] = 0
json.dump(told, open(path + ".new", "w"))
os.chmod(path + ".new", 0o640)
shutil.chown(path + ".new", "root", "slackwater")
os.rename(path + ".new", path)
"""


@contextmanager
def odd(site: Site, balancer: LabHost, mode: str, body: str = "-") -> Iterator[None]:
    """In the place of app-3, for the agent and for people; the rest is told nothing of it."""
    host = site.lab.host("app-3")
    host.ssh("cat > /run/odd.py", input=ODD)
    out(host, f"systemd-run -q --unit=odd -p LimitNOFILE=65536 python3 /run/odd.py '{mode}' {PORT}")
    out(balancer, f"cp -p {TOLD} {TOLD}.all")
    try:
        script(balancer, ADD, TOLD, host.address, str(PORT), body)
        yield
    finally:
        balancer.ssh(f"mv {TOLD}.all {TOLD}")
        host.ssh("systemctl stop odd")


@pytest.mark.parametrize(
    ("mode", "ends", "posts_may_go"),
    [("slow", "up", False), ("half 5xx", "up", True), ("flaps", "", True)],
)
def test_one_that_answers_now_and_then(site: Site, balancer: LabHost, mode: str, ends: str, posts_may_go: bool) -> None:
    """No GET is lost: it is asked elsewhere. What a POST met is counted, for it is never sent twice."""
    with odd(site, balancer, mode):
        until(lambda: states(balancer).get("odd") == "up", lambda: f"odd up: {states(balancer)}")
        begun = time.time()
        with traffic(site, RATE, keepalive=1.0, rtt=RTT) as people:
            time.sleep(20)
        seen, way = states(balancer)["odd"], moves(balancer, "odd", begun)
    result = people.stop()
    measured(f"{mode}: {seen}; {result.summary()}")

    assert 0 == result.lost["GET"], result.summary()
    assert posts_may_go or 0 == result.lost["POST"], result.summary()
    assert seen == ends or not ends
    assert ({("up", "down"), ("down", "up")} <= way) == (mode == "flaps")


@pytest.mark.parametrize(("mode", "body"), [("hangs", "-"), ("slow body", "-"), ("wrong content", "instance")])
def test_one_that_was_never_well_gets_nothing(site: Site, balancer: LabHost, mode: str, body: str) -> None:
    """It accepts, begins or answers something else: it stays out, and the others serve."""
    with odd(site, balancer, mode, body), traffic(site, RATE, keepalive=1.0, rtt=RTT) as people:
        time.sleep(12)
        seen = states(balancer)
    result = people.stop()
    measured(f"{mode}: {seen}; {result.summary()}")

    assert "new" == seen["odd"], seen
    assert result.is_clean, result.summary()
    assert "odd" not in result.releases


def test_one_that_begins_to_hang_is_taken_out(site: Site, balancer: LabHost) -> None:
    """With requests in flight: they are cut there and asked elsewhere; a POST is answered 502."""
    with odd(site, balancer, "well"):
        settled(balancer, {"app-1": "up", "app-2": "up", "odd": "up"})
        before = len(cuts(balancer, site.lab.host("app-3").address, PORT))
        with traffic(site, RATE, keepalive=1.0, rtt=RTT) as people:
            time.sleep(2)
            out(site.lab.host("app-3"), "systemctl kill -s STOP odd")
            took = until(lambda: states(balancer).get("odd") == "down", lambda: f"odd down: {states(balancer)}")
            time.sleep(5)
            ended = sum(cuts(balancer, site.lab.host("app-3").address, PORT)[before:])
            out(site.lab.host("app-3"), "systemctl kill -s CONT odd")
        result = people.stop()
    measured(f"hangs: out after {took:.1f} s, {ended} connections cut; {result.summary()}")

    assert ended > 0
    assert 0 == result.lost["GET"], result.summary()
