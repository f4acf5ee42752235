"""The edge of a balancer as it is converged, on the nginx and the OpenSSL of its own distribution."""

from __future__ import annotations

import base64
import json
import random
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from slackwater.lab import LabHost
from tests.balancer.texts import inputs
from tests.edge.scanning import check_tls, installed
from tests.edge.slowly import closed, drip
from tests.hosts.balancers.desk import API, places, script, settled
from tests.hosts.converge.running import count, out, rate
from tests.hosts.releases.site import Site, nothing_lost, traffic

RATE, RTT = rate(300), 0.04
SLOW = 500
HEADER_TIMEOUT = 15
"""Seconds: the default of `Edge.client_header_timeout`."""
LATE = 10
"""Seconds more, for a busy machine."""
TRY = f"""{API}
import base64
taken = 0
for text in TEXTS:
    before = ask("GET")
    api = Api("x", timeout=5)
    api.request("PUT", "/members", base64.b64decode(text))
    answer = api.getresponse()
    said = json.loads(answer.read())
    api.close()
    assert answer.status in (200, 400), answer.status
    taken += answer.status == 200
    if answer.status == 400:
        assert said["error"].isprintable(), said
        assert before["members"] == ask("GET")["members"], text
print(taken)
"""


@pytest.fixture(scope="module")
def scanners(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return installed(tmp_path_factory.mktemp("scanners"))


def test_sslyze_finds_no_old_protocol_and_no_weak_cipher(balancer: LabHost, scanners: Path, tmp_path: Path) -> None:
    """Nor an attack that is known."""
    check_tls(scanners, f"{balancer.address}:443", tmp_path / "sslyze.json")


def test_people_come_by_http_2(balancer: LabHost) -> None:
    """Over TLS, with the lab's own certificate."""
    words = ["curl", "-sSk", "--max-time", "10", "-o", "/dev/null", "-w", "%{http_version} %{http_code}"]
    done = subprocess.run([*words, f"https://{balancer.address}/"], capture_output=True, text=True, check=True)

    assert "2 200" == done.stdout


def test_five_hundred_slow_sockets_do_not_stop_anybody(site: Site, balancer: LabHost) -> None:
    """Half a head each, and a line more now and then: people are served, and the slow ones are closed in time."""
    with traffic(site, RATE, keepalive=1.0, rtt=RTT) as people, ExitStack() as stack:
        slow = [stack.enter_context(socket.create_connection((balancer.address, 80), 10)) for _ in range(SLOW)]
        for each in slow:
            each.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n")
        drip(slow, b"X-a: b\r\n", until=time.monotonic() + HEADER_TIMEOUT + LATE)
        still_open = [each for each in slow if not closed(each)]

    nothing_lost(site, people)
    assert [] == still_open


@pytest.fixture
def alone(site: Site, balancer: LabHost) -> Iterator[LabHost]:
    """Without the agent, which would put its own list there; afterwards it does."""
    out(balancer, "systemctl stop slackwater-upstreams.service")
    yield balancer
    out(balancer, "systemctl start slackwater-upstreams.service")
    settled(balancer, dict.fromkeys(site.hosts(), "up"))


def test_nobody_breaks_its_list(site: Site, alone: LabHost) -> None:
    """Random and mutated texts at nginx's own socket: refused with a word and without effect, or in force."""
    before, worker = places(alone), out(alone, "pgrep -P $(cat /run/nginx.pid)")
    number = count(10_000)
    texts = [base64.b64encode(text).decode() for text in inputs(random.Random(20), number)]
    taken = int(script(alone, f"TEXTS = {json.dumps(texts)}\n{TRY}"))

    assert before.keys() == set(site.hosts())
    assert 0 < taken < number / 4
    assert worker == out(alone, "pgrep -P $(cat /run/nginx.pid)")


def test_only_root_and_the_agent_may_change_the_list(balancer: LabHost) -> None:
    """nginx makes its sockets for everybody: it is the directory that keeps others out."""
    ask = "curl -sS --max-time 5 --unix-socket /run/slackwater-balancer/members.sock http://x/members -o /dev/null"

    assert 0 == balancer.ssh(f"runuser -u slackwater -- {ask}").returncode
    assert 0 != balancer.ssh(f"runuser -u nobody -- {ask}").returncode
    assert 0 != balancer.ssh(f"runuser -u www-data -- {ask}").returncode
