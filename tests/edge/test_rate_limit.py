"""The rate limit: who is counted, and what a client is told."""

from __future__ import annotations

from slackwater import RateLimit
from tests.edge.conftest import Start
from tests.edge.site import Edge

FEW = RateLimit(per_minute=6, burst=4)


def statuses(site: Edge, number: int, client: str = "127.0.0.1", forwarded: str | None = None) -> list[int]:
    headers = {"X-Forwarded-For": forwarded} if forwarded else {}
    return [site.get("/", headers, client=client).status for _ in range(number)]


def test_who_asks_too_much_is_told_when_to_come_again(edge: Start) -> None:
    """429 and Retry-After: one more request is let through every ten seconds."""
    site = edge(rate_limit=FEW)

    assert [200] * 5 + [429] == statuses(site, 6)

    answer = site.get()

    assert (429, "10", "no-store") == (answer.status, answer["retry-after"], answer["cache-control"])
    assert answer["x-request-id"]


def test_an_app_that_says_429_itself_keeps_its_own_words(edge: Start) -> None:
    """Retry-After is then the app's affair."""
    site = edge(rate_limit=FEW)

    assert "7" == site.get("/?status=429&header=Retry-After:7")["retry-after"]


def test_each_client_is_counted_for_itself(edge: Start) -> None:
    """One that is stopped stops nobody else."""
    site = edge(rate_limit=FEW)
    statuses(site, 6)

    assert [200] * 5 + [429] == statuses(site, 6, client="127.0.0.2")


def test_behind_a_trusted_proxy_the_real_client_is_counted(edge: Start) -> None:
    """Not the proxy, or all of its clients would share one limit."""
    site = edge(rate_limit=FEW, trusted_proxies=["127.0.0.9"])

    assert [200] * 5 + [429] == statuses(site, 6, client="127.0.0.9", forwarded="203.0.113.5")
    assert [200] * 5 + [429] == statuses(site, 6, client="127.0.0.9", forwarded="203.0.113.6")


def test_nobody_gets_out_of_it_by_a_header(edge: Start) -> None:
    """From elsewhere the header counts for nothing; behind the proxy only what the proxy itself has added."""
    site = edge(rate_limit=FEW, trusted_proxies=["127.0.0.9"])
    elsewhere = [site.get("/", {"X-Forwarded-For": f"203.0.113.{n}"}, client="127.0.0.3").status for n in range(6)]
    through = [
        site.get("/", {"X-Forwarded-For": f"198.51.100.{n}, 203.0.113.7"}, client="127.0.0.9").status for n in range(6)
    ]

    assert [200] * 5 + [429] == elsewhere
    assert [200] * 5 + [429] == through


def test_ipv6_is_counted_by_the_network_of_a_household(edge: Start) -> None:
    """A /64 has more addresses than anybody could count; the next /64 is somebody else."""
    site = edge(rate_limit=FEW, trusted_proxies=["127.0.0.9"])
    home = ["2001:db8:0:1::1", "2001:db8:0:1:ffff::2", "2001:db8::1:0:0:0:3", "2001:db8:0:1::a0a", "2001:db8:0:1::5"]
    same = [statuses(site, 1, "127.0.0.9", address)[0] for address in [*home, "2001:db8:0:1::6"]]

    assert [200] * 5 + [429] == same
    assert [200] == statuses(site, 1, "127.0.0.9", "2001:db8:0:2::1")
