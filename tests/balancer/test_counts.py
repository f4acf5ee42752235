"""Requests in flight are counted right, whatever ends them."""

from __future__ import annotations

import os
import signal
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from slackwater.lab.load import Load, run, running
from tests.balancer.backends import Backends
from tests.balancer.conftest import Start
from tests.balancer.site import member, until

A, B = "127.0.0.11", "127.0.0.12"


def both(apps: Backends, **fields: Any) -> list[dict[str, Any]]:
    return [member(address, apps.port, **fields) for address in (A, B)]


def test_nothing_is_left_after_a_load(start: Start, apps: Backends) -> None:
    """Answers, retries, bad answers and cuts: all of them give back what they held; requests add up."""
    site, three = start(), apps.several(3, delay=0.01)
    three[1].status, three[2].manner = 503, "cut"
    site.put(member(backend.address, apps.port) for backend in three)
    result = run(Load(site.url, rate=200, seconds=3, posts=0.2, keepalive=0.7))

    site.idle()
    assert 0 == result.lost["GET"]
    assert [len(backend.asked) for backend in three] == [entry["requests"] for entry in site.get()["members"]]


def test_requests_are_counted_where_they_are(start: Start, apps: Backends) -> None:
    """Held requests show at their backends, and are gone when they are answered."""
    site = start(workers=1)
    apps.several(2, delay=1)
    site.put(both(apps))
    held = site.hold(10)
    until(lambda: sum(site.in_flight().values()) == 10, "not all are counted")

    assert {A: 5, B: 5} == site.in_flight()
    assert all(connection.recv(64).startswith(b"HTTP/1.1 200") for connection in held)

    site.idle()


def test_a_client_that_goes_away(start: Start, apps: Backends) -> None:
    """Its request is no longer in flight, and no failure of the backend."""
    site = start(max_fails=1)
    apps.several(2, manner="hang")
    site.put(both(apps))
    held = site.hold(8)
    until(lambda: sum(site.in_flight().values()) == 8, "not all are counted")
    for connection in held:
        connection.close()
    site.idle()

    assert [(0, False)] * 2 == [(entry["failures"], entry["ejected"]) for entry in site.get()["members"]]


@pytest.mark.parametrize(
    ("path", "wanted"), [("/guarded/", (500, "maintenance")), ("/guarded/", (200, "instead")), ("/again/", (200, B))]
)
def test_an_internal_redirect(start: Start, apps: Backends, path: str, wanted: tuple[int, str]) -> None:
    """error_page takes a request elsewhere and its context from it; what it held is given back all the same."""
    site, two = start(method="round_robin", workers=1), apps.several(2)
    two[0].status = 404 if wanted[1] == "instead" else 500
    site.put(both(apps))
    answers = {site.request(path=path) for _ in range(20)}

    assert wanted in answers
    site.idle()


def test_a_killed_worker(start: Start, apps: Backends) -> None:
    """What it had in flight is forgotten with it, at once, and nothing else is."""
    site = start(workers=2)
    apps.several(2, manner="hang")
    site.put(both(apps))
    held = site.hold(40)
    until(lambda: sum(site.in_flight().values()) == 40, "not all are counted")
    victim, other = site.workers()
    ours = connections_of(other, site.port)
    os.kill(victim, signal.SIGKILL)
    until(lambda: sum(site.in_flight().values()) == ours, f"{site.in_flight()}, but {ours} are in flight", 3)
    for connection in held:
        connection.close()
    site.idle()


def connections_of(worker: int, port: int) -> int:
    """Accepted connections from clients that this worker holds."""
    table = [line.split() for line in Path(f"/proc/{worker}/net/tcp").read_text().splitlines()[1:]]
    ours = {f"socket:[{row[9]}]" for row in table if row[1].endswith(f":{port:04X}") and row[3] == "01"}
    descriptors = Path(f"/proc/{worker}/fd").iterdir()
    return sum(1 for entry in descriptors if entry.is_symlink() and str(entry.readlink()) in ours)


def test_all_workers_killed_under_load(start: Start, apps: Backends) -> None:
    """Killed over and over in the middle of work: nothing stays behind."""
    site = start(workers=2)
    apps.several(2, delay=0.02)
    site.put(both(apps))
    with running(Load(site.url, rate=150, seconds=4, posts=0, keepalive=0.5)) as traffic:
        for _ in range(8):
            before = site.workers()
            for pid in before:
                os.kill(pid, signal.SIGKILL)
            until(lambda before=before: len(set(site.workers()) - set(before)) == 2, "no new workers")  # type: ignore[misc]
        traffic.stop()
    site.idle(5)

    assert 200 == site.request()[0]


def test_a_reload(start: Start, apps: Backends) -> None:
    """The old generation's requests stay counted until they end, and new ones count beside them."""
    site, two = start(workers=1), apps.several(2, delay=1.5)
    site.put(both(apps))
    held = site.hold(10)
    until(lambda: sum(site.in_flight().values()) == 10, "not all are counted")
    site.reload()

    assert {A: 5, B: 5} == site.in_flight()

    held += site.hold(2)
    until(lambda: sum(site.in_flight().values()) == 12, "the new ones are not counted")
    two[0].delay = two[1].delay = 0

    assert all(connection.recv(64).startswith(b"HTTP/1.1 200") for connection in held)

    site.idle()


def test_who_left_shows_until_idle(start: Start, apps: Backends) -> None:
    """A place that is no longer listed gets nothing new and shows as leaving while it works."""
    site, two = start(workers=1), apps.several(2, delay=1)
    site.put(both(apps))
    held = site.hold(6)
    until(lambda: site.in_flight() == {A: 3, B: 3}, "not all are counted")
    site.put([member(A, apps.port)], 2)

    assert [{"address": B, "port": apps.port, "in_flight": 3}] == site.get()["leaving"]

    two[0].delay = 0

    assert {A} == {site.request()[1] for _ in range(5)}
    assert all(connection.recv(64).startswith(b"HTTP/1.1 200") for connection in held)

    until(lambda: site.get()["leaving"] == [], "it is idle and still shown")


def test_who_comes_back_while_working(start: Start, apps: Backends) -> None:
    """A place that leaves and returns with another weight, requests in flight all the time: they are still its own."""
    site, two = start(workers=1), apps.several(2, manner="hang")
    site.put(both(apps))
    held = site.hold(12)
    until(lambda: site.in_flight() == {A: 6, B: 6}, "not all are counted")
    for generation in range(2, 8, 2):
        site.put([member(B, apps.port)], generation)
        site.put([member(A, apps.port, weight=generation * 100), member(B, apps.port)], generation + 1)

    assert (6, 600) == (site.of(A)["in_flight"], site.of(A)["weight"])

    held += site.hold(16)  # 600 against 100: the next ones go to A until it has six times as many
    until(lambda: sum(site.in_flight().values()) == 28, "not all are counted")

    assert {A: 22, B: 6} == site.in_flight()

    for connection in held:
        connection.close()
    site.idle()

    assert Counter({A: 22, B: 6}) == Counter({backend.address: len(backend.asked) for backend in two})


KEYS = """
location = /keys {
    content_by_lua_block {
        ngx.say(#ngx.shared.slackwater_counts:get_keys(0) + #ngx.shared.slackwater_registry:get_keys(0))
    }
}
"""


def test_who_left_is_forgotten(start: Start, apps: Backends) -> None:
    """Years of scaling leave nothing in memory: a place that left and was idle for some seconds begins at nothing."""
    site = start(more=KEYS, workers=1)
    apps.several(2)
    site.put([member(A, apps.port)])
    site.request()
    before = int(site.request(path="/keys")[1])
    site.put(both(apps))
    for _ in range(10):
        site.request()
    site.put([member(A, apps.port)])

    assert before < int(site.request(path="/keys")[1])

    until(lambda: before >= int(site.request(path="/keys")[1]), "still kept", 5)
    site.put(both(apps))

    assert 0 == site.of(B)["requests"]
