"""Which backend gets a request."""

from __future__ import annotations

import socket
import time
from collections import Counter

import pytest

from slackwater.lab.load import Load, run
from tests.balancer.backends import Backend, Backends
from tests.balancer.conftest import Start
from tests.balancer.site import Site, member, until

METHODS = pytest.mark.parametrize("method", ["least_conn", "round_robin"])


def shares(site: Site, these: list[Backend], requests: int = 200) -> list[int]:
    """How many of so many requests, one after the other, each backend gets, in percent."""
    before = [len(backend.asked) for backend in these]
    for _ in range(requests):
        assert 200 == site.request()[0]
        site.idle()  # else the other worker sees the last one in flight and avoids its place

    return [round(100 * (len(backend.asked) - was) / requests) for backend, was in zip(these, before, strict=True)]


def has_ipv6() -> bool:
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        return False
    return True


@METHODS
def test_everyone_gets_the_same(start: Start, apps: Backends, method: str) -> None:
    """Requests one after the other go to all backends alike."""
    site, four = start(method=method), apps.several(4)
    site.put(member(backend.address, apps.port) for backend in four)

    assert all(23 <= share <= 27 for share in shares(site, four))


@METHODS
def test_weights(start: Start, apps: Backends, method: str) -> None:
    """A backend of weight 300 gets three times what one of weight 100 gets."""
    site, two = start(method=method), apps.several(2)
    site.put(member(backend.address, apps.port, weight=weight) for backend, weight in zip(two, (300, 100), strict=True))

    assert all(abs(share - wanted) <= 2 for share, wanted in zip(shares(site, two), (75, 25), strict=True))


def test_weights_count_in_flight(start: Start, apps: Backends) -> None:
    """Where all are busy, twice the weight is twice the requests in flight."""
    site, two = start(workers=1), apps.several(2, manner="hang")
    site.put(member(backend.address, apps.port, weight=weight) for backend, weight in zip(two, (200, 100), strict=True))
    held = site.hold(30)
    until(lambda: sum(site.in_flight().values()) == 30, "the requests are not in flight")

    assert {"127.0.0.11": 20, "127.0.0.12": 10} == site.in_flight()

    for connection in held:
        connection.close()


def test_a_slow_backend_gets_fewer(start: Start, apps: Backends) -> None:
    """Ten times as slow, it has no more in flight than the others, hence far fewer requests."""
    site, three = start(), apps.several(3, delay=0.03)
    three[0].delay = 0.3
    site.put(member(backend.address, apps.port) for backend in three)
    result = run(Load(site.url, rate=150, seconds=3, posts=0, keepalive=1))

    assert Counter() == result.lost
    assert len(three[0].asked) < min(len(three[1].asked), len(three[2].asked)) / 2
    site.idle()


def test_a_backup_stands_by(start: Start, apps: Backends) -> None:
    """It gets nothing as long as anybody else answers, and everything when nobody else is a member."""
    site, two = start(), apps.several(2)
    usual, backup = member(two[0].address, apps.port), member(two[1].address, apps.port, backup=True)
    site.put([usual, backup])

    assert [100, 0] == shares(site, two, 20)

    site.put([backup])

    assert [0, 100] == shares(site, two, 20)


def test_a_backup_helps_out(start: Start, apps: Backends) -> None:
    """A request that all others failed goes to the backup; when they are ejected, it is asked at once."""
    site, two = start(fail_timeout=60), apps.several(2)
    two[0].manner = "cut"
    site.put([member(two[0].address, apps.port), member(two[1].address, apps.port, backup=True)])
    answers = {site.request() for _ in range(10)}

    assert {(200, two[1].address)} == answers
    assert 3 == len(two[0].asked)
    assert site.of(two[0].address)["ejected"]


@METHODS
@pytest.mark.parametrize(("age", "share"), [(0, 9), (500, 35), (1000, 50), (-1000, 50)])
def test_slow_start(start: Start, apps: Backends, method: str, age: int, share: int) -> None:
    """A backend begins at a tenth of its weight and rises to all of it; a clock that was set back stops no ramp."""
    site, two = start(method=method), apps.several(2)
    site.put(
        [
            member(two[0].address, apps.port),
            member(two[1].address, apps.port, since=time.time() - age, slow_start=1000),
        ]
    )

    assert abs(share - shares(site, two)[1]) <= 3


def test_no_slow_start_when_all_have_just_started(start: Start, apps: Backends) -> None:
    """With nobody to take the rest, each gets its weight's share at once."""
    site, two = start(), apps.several(2)
    ages = (0, 80)
    site.put(
        member(backend.address, apps.port, since=time.time() - age, slow_start=100)
        for backend, age in zip(two, ages, strict=True)
    )

    assert abs(50 - shares(site, two)[0]) <= 2


def test_the_ramp_goes_on_while_nothing_changes(start: Start, apps: Backends) -> None:
    """The weight rises with the time, not with the next membership."""
    site, two = start(), apps.several(2)
    site.put(
        [
            member(two[0].address, apps.port),
            member(two[1].address, apps.port, since=time.time() - 97, slow_start=100),
        ]
    )
    shares(site, two, 10)
    time.sleep(3.2)

    assert abs(50 - shares(site, two)[1]) <= 2


def test_ejection(start: Start, apps: Backends) -> None:
    """Three failures within fail_timeout: nothing more for as long, then it is asked again."""
    site, two = start(max_fails=3, fail_timeout=5), apps.several(2)
    site.put(member(backend.address, apps.port) for backend in two)
    two[0].manner = "cut"

    assert {(200, two[1].address)} == {site.request() for _ in range(20)}
    assert 3 == len(two[0].asked)
    assert site.of(two[0].address)["ejected"]
    assert 3 == site.of(two[0].address)["failures"]

    two[0].manner = "answer"
    until(lambda: site.request()[1] == two[0].address, "it never comes back")

    assert not site.of(two[0].address)["ejected"]


def test_old_failures_do_not_count(start: Start, apps: Backends) -> None:
    """Two failures, and two more after fail_timeout: not three within it."""
    site, two = start(max_fails=3, fail_timeout=1), apps.several(2)
    site.put(member(backend.address, apps.port) for backend in two)
    two[0].manner = "cut"
    for asked in (2, 4):
        until(lambda asked=asked: site.request() and len(two[0].asked) == asked, "it is not asked")  # type: ignore[misc]
        assert not site.of(two[0].address)["ejected"]
        time.sleep(1.1)


def test_the_last_backend_is_never_ejected(start: Start, apps: Backends) -> None:
    """All ejected is as good as none ejected."""
    site, two = start(max_fails=1, fail_timeout=60), apps.several(2, manner="cut")
    site.put(member(backend.address, apps.port) for backend in two)
    site.request()
    until(lambda: all(entry["ejected"] for entry in site.get()["members"]), "not both are ejected")
    for backend in two:
        backend.manner = "answer"

    assert {200} == {site.request()[0] for _ in range(10)}


def test_an_answer_is_no_failure(start: Start, apps: Backends) -> None:
    """A backend that answers 502, 503 or 504 itself is the checker's business, not a reason to eject it."""
    site, two = start(max_fails=1), apps.several(2)
    site.put(member(backend.address, apps.port) for backend in two)
    for two[0].status in (502, 503, 504):
        for _ in range(4):
            assert (200, two[1].address) == site.request()

    assert len(two[0].asked) >= 5
    assert (0, False) == (site.of(two[0].address)["failures"], site.of(two[0].address)["ejected"])


def test_failures_of_requests_that_are_not_retried_count(start: Start, apps: Backends) -> None:
    """POSTs that were sent and not answered eject a backend, too."""
    site, two = start(max_fails=2, fail_timeout=60), apps.several(2)
    site.put(member(backend.address, apps.port) for backend in two)
    two[0].manner = "cut"
    answers = [site.request("POST", body=b"{}")[0] for _ in range(20)]

    assert [200] * 18 + [502] * 2 == sorted(answers)
    assert site.of(two[0].address)["ejected"]


def test_who_comes_back_has_a_clean_slate(start: Start, apps: Backends) -> None:
    """An ejected place that left and joined again is used at once: it is another process."""
    site, two = start(max_fails=1, fail_timeout=60), apps.several(2)
    both = [member(backend.address, apps.port) for backend in two]
    two[0].manner = "cut"
    site.put(both)
    until(lambda: site.request() and site.of(two[0].address)["ejected"], "it is not ejected")
    two[0].manner = "answer"
    site.put(both[1:])
    site.put(both)

    assert all(share >= 40 for share in shares(site, two, 20))


@pytest.mark.skipif(not has_ipv6(), reason="this machine has no IPv6")
def test_ipv6(start: Start, apps: Backends) -> None:
    """An IPv6 place is a place like any other."""
    site, backend = start(), apps.add("::1")
    site.put([member("0:0::1", apps.port)])

    assert (200, "::1") == site.request()
    assert ("0:0::1", 1) == (site.of("0:0::1")["address"], site.of("0:0::1")["requests"])

    backend.manner = "hang"
    held = site.hold(1)
    until(site.in_flight, "the request is not in flight")
    site.put([member("127.0.0.1", apps.port)])

    assert [{"address": "::1", "port": apps.port, "in_flight": 1}] == site.get()["leaving"]

    held[0].close()


def test_a_thousand_members(start: Start, apps: Backends) -> None:
    """The work is spread over all, one that is busy is avoided, and one that is lighter gets less."""
    site = start()
    apps.add("0.0.0.0")  # every address of the loopback network
    addresses = [f"127.0.{number // 200}.{number % 200 + 1}" for number in range(1000)]
    site.put(member(address, apps.port, weight=100 if number % 2 else 10) for number, address in enumerate(addresses))
    result = run(Load(site.url, rate=300, seconds=4, posts=0, keepalive=1))
    requests = [entry["requests"] for entry in site.get()["members"]]

    assert Counter() == result.lost
    assert sum(requests) == sum(result.sent.values())
    assert max(requests) <= 10
    assert 0.04 < sum(requests[::2]) / sum(requests) < 0.16
