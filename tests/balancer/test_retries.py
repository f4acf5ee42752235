"""Which requests are tried elsewhere, and where."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.balancer.backends import Backend, Backends
from tests.balancer.conftest import Start
from tests.balancer.site import Site, member, until


def serve(site: Site, these: list[Backend]) -> None:
    site.put(member(backend.address, backend.port) for backend in these)


def asked(these: list[Backend]) -> list[int]:
    return [len(backend.asked) for backend in these]


def requests_at(site: Site, these: list[Backend], method: str) -> Iterator[tuple[int, list[int]]]:
    """Status, and which backends were asked, for some requests."""
    for _ in range(6):
        before = asked(these)
        status, _ = site.request(method, body=b"{}" if method == "POST" else None)
        yield status, [now - was for now, was in zip(asked(these), before, strict=True)]


@pytest.mark.parametrize("fault", ["502", "503", "504", "cut", "hang", "refused"])
def test_a_get_is_tried_elsewhere(start: Start, apps: Backends, fault: str) -> None:
    """Whatever one backend does to it, a GET gets its answer from another."""
    site, two = start(max_fails=0, read_timeout=1, workers=1), apps.several(2)
    serve(site, two)
    if fault == "refused":
        apps.stop(two[0])
    elif fault.isdigit():
        two[0].status = int(fault)
    else:
        two[0].manner = fault

    assert {(200, two[1].address)} == {site.request() for _ in range(4)}
    assert fault == "refused" or len(two[0].asked) == 2
    site.idle()


@pytest.mark.parametrize("fault", ["502", "503", "504", "cut", "hang"])
def test_a_post_is_never_sent_twice(start: Start, apps: Backends, fault: str) -> None:
    """What one backend has read of a POST, no other gets; whoever sent it is told."""
    site, two = start(max_fails=0, read_timeout=1), apps.several(2)
    serve(site, two)
    for backend in two:
        backend.status, backend.manner = (int(fault), "answer") if fault.isdigit() else (200, fault)
    wanted = {"cut": 502, "hang": 504}.get(fault) or int(fault)
    before = sum(asked(two))

    assert [wanted, wanted, wanted] == [site.request("POST", body=b"{}")[0] for _ in range(3)]
    assert 3 == sum(asked(two)) - before


def test_a_post_that_was_not_sent_goes_elsewhere(start: Start, apps: Backends) -> None:
    """A backend that refuses the connection has seen nothing of it."""
    site, two = start(max_fails=0), apps.several(2)
    serve(site, two)
    apps.stop(two[0])

    assert {(200, two[1].address)} == {site.request("POST", body=b"{}") for _ in range(6)}


@pytest.mark.parametrize(("tries", "most"), [(1, 1), (2, 2), (3, 3), (9, 4)])
def test_never_the_same_place_twice(start: Start, apps: Backends, tries: int, most: int) -> None:
    """As many backends as `tries` allows, each once."""
    site, four = start(max_fails=0, tries=tries), apps.several(4, status=503)
    serve(site, four)
    for status, each in requests_at(site, four, "GET"):
        assert 503 == status
        assert most == sum(each)
        assert 1 == max(each)


def test_never_the_same_place_twice_while_members_change(start: Start, apps: Backends) -> None:
    """A request that has tried one of two, and finds it the only one when it looks again, ends there."""
    site, two = start(max_fails=0), apps.several(2, manner="hang")
    serve(site, two)
    (held,) = site.hold(1)
    until(lambda: sum(asked(two)) == 1, "the request is not in flight")
    first = two[asked(two).index(1)]
    serve(site, [first])
    apps.hang_up(first)

    assert b"503" == held.recv(64).split()[1]
    assert 1 == sum(asked(two))

    held.close()


@pytest.mark.parametrize("count", [1, 2, 3])
def test_a_kept_connection_that_is_dead_costs_nothing(start: Start, apps: Backends, count: int) -> None:
    """A backend that closes each connection at its second request loses no GET, even if it is the only one."""
    site, these = start(workers=1), apps.several(count, manner="once")
    serve(site, these)

    assert {200} == {site.request()[0] for _ in range(20)}
    site.idle()


def test_an_empty_upstream_answers_503(start: Start) -> None:
    """No member at all: 503 at once, also for a POST, and the API says so."""
    site = start()

    assert [503, 503] == [site.request()[0], site.request("POST", body=b"{}")[0]]
    assert {"generation": 0, "members": [], "leaving": []} == site.get()
