"""An app host is rebooted in order, without having been drained, while it answers POSTs that take seconds."""

from __future__ import annotations

import re
import time
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import pytest
import requests

from slackwater.lab import LabHost
from tests.hosts.balancers.desk import measured, settled
from tests.hosts.converge.running import count, out, url
from tests.hosts.releases.site import LEDGER, Site, traffic

pytestmark = pytest.mark.alone

RATE, RTT = 50, 0.04
POSTS, TAKES = 24, 12
"""So many, so many seconds each: three bad answers, after which a host is out, come within four of its shutdown."""
PATIENCE = 90.0


@dataclass(frozen=True)
class Posted:
    """One POST: the status of its answer, or what came instead, who gave it and when, by the hosts' own clock."""

    id: str
    status: str
    instance: str
    at: float


def post(place: str, name: str) -> Posted:
    try:
        answer = requests.post(f"{place}/slow?ms={TAKES * 1000}", headers={"X-Request-ID": name}, timeout=PATIENCE)
    except requests.RequestException as error:
        return Posted(name, type(error).__name__, "", time.time())
    said = answer.json() if answer.status_code == 200 else {}
    return Posted(name, str(answer.status_code), said.get("instance", ""), time.time())


def begun(site: Site, word: str, pool: ThreadPoolExecutor) -> dict[str, set[str]]:
    """What each host has begun, by what its app wrote down."""
    lines = pool.map(lambda name: site.on(name, f"grep ^{word}- {LEDGER} || true"), site.hosts())
    return {name: set(text.split()) for name, text in zip(site.hosts(), lines, strict=True)}


def journal(balancer: LabHost, since: float, address: str) -> list[tuple[float, str]]:
    """What the agent said of that place, and how many seconds after `since`."""
    said = out(balancer, f"journalctl -q -u slackwater-upstreams -o short-unix --since=@{since:.0f} --no-pager")
    found = re.findall(rf"^(\d+\.\d+) .*?: ((?:.* )?{re.escape(address)}:\d+: .*)$", said, re.MULTILINE)
    return [(float(at) - since, what) for at, what in found if float(at) >= since]


@pytest.mark.parametrize("turn", range(count(10)))
def test_a_rebooted_host_answers_what_it_has(site: Site, balancer: LabHost, turn: int) -> None:
    """It refuses while it finishes, and who refuses is not cut; whom it refuses is served by the others."""
    name, word = site.hosts()[turn % 3], f"reboot{time.time_ns()}"
    host = site.lab.host(name)
    settled(balancer, dict.fromkeys(site.hosts(), "up"))
    with traffic(site, RATE, keepalive=1.0, rtt=RTT) as people, ThreadPoolExecutor(POSTS + 3) as pool:
        asked: list[Future[Posted]] = [pool.submit(post, url(site.lab), f"{word}-{n}") for n in range(POSTS)]
        time.sleep(1.5)
        hands = begun(site, word, pool)
        since = time.time()
        host.reboot()
        down = time.time()
        posted = {answer.id: answer for answer in (future.result() for future in asked)}
        settled(balancer, dict.fromkeys(site.hosts(), "up"), limit=120)
    result = people.stop()
    held = [posted[one] for one in hands[name]]
    last = max(answer.at for answer in held) - since
    said = journal(balancer, since, host.address)
    measured(
        f"{name}: of {len(held)} POSTs in its hands answered {sum(one.status == '200' for one in held)}, the last "
        f"{last:.1f} s after the word, gone after {down - since:.1f} s; people {result.summary()}"
    )
    measured("\n".join(f"{at:.1f} s {what}" for at, what in said))

    assert POSTS == sum(map(len, hands.values()))
    assert 0 < len(held)
    assert {("200", name)} == {(one.status, one.instance) for one in held}
    assert {"200"} == {one.status for one in posted.values()}
    assert [] == [what for at, what in said if "connections to" in what and at < last]
    assert 0 == result.lost["GET"], result.summary()
