"""Load balancers before this one: who is believed, and what."""

from __future__ import annotations

from slackwater import Hsts, Tls
from tests.edge.conftest import Start

PROXY = "127.0.0.9"
BEHIND = {"X-Forwarded-For": "203.0.113.5", "X-Forwarded-Proto": "https"}


def test_a_trusted_proxy_says_who_the_client_is(edge: Start) -> None:
    """The app is told the client's address and that it spoke HTTPS."""
    told = edge(trusted_proxies=[PROXY]).get("/", BEHIND, client=PROXY).echo["headers"]

    assert ("203.0.113.5", "https") == (told["x-forwarded-for"], told["x-forwarded-proto"])


def test_nobody_else_is_believed(edge: Start) -> None:
    """The same words from another address."""
    told = edge(trusted_proxies=[PROXY]).get("/", BEHIND, client="127.0.0.3").echo["headers"]

    assert ("127.0.0.3", "http") == (told["x-forwarded-for"], told["x-forwarded-proto"])


def test_whoever_spoke_https_with_the_proxy_is_not_redirected(edge: Start) -> None:
    """Or the two would send each other round for ever."""
    site = edge(trusted_proxies=[PROXY], redirect=True, hsts=Hsts())
    secure = site.get("/", BEHIND, client=PROXY)

    assert (200, f"max-age={180 * 86400}") == (secure.status, secure["strict-transport-security"])
    assert 308 == site.get("/", {**BEHIND, "X-Forwarded-Proto": "http"}, client=PROXY).status
    assert 308 == site.get("/", BEHIND, client="127.0.0.3").status


def test_the_proxy_protocol_says_who_the_client_is(edge: Start) -> None:
    """Its header counts, and X-Forwarded-For does not: that one the client may have written."""
    site = edge(trusted_proxies=[PROXY], proxy_protocol=True, tls=Tls.self_signed())
    request = b"GET / HTTP/1.0\r\nHost: x\r\nX-Forwarded-For: 10.1.1.1\r\nX-Forwarded-Proto: https\r\n\r\n"
    answer = site.raw(b"PROXY TCP4 203.0.113.5 127.0.0.1 5000 80\r\n" + request, client=PROXY)

    assert b'"x-forwarded-for": "203.0.113.5"' in answer
    assert b'"x-forwarded-proto": "http"' in answer


def test_the_proxy_protocol_of_anybody_else_is_not_believed(edge: Start) -> None:
    """The connection's own address stays."""
    site = edge(trusted_proxies=[PROXY], proxy_protocol=True)
    answer = site.raw(b"PROXY TCP4 203.0.113.5 127.0.0.1 5000 80\r\nGET / HTTP/1.0\r\n\r\n", client="127.0.0.3")

    assert b'"x-forwarded-for": "127.0.0.3"' in answer


def test_a_connection_without_the_proxy_protocol_is_closed(edge: Start) -> None:
    """It did not come through the proxy."""
    site = edge(trusted_proxies=[PROXY], proxy_protocol=True)

    assert b"" == site.raw(b"GET / HTTP/1.0\r\n\r\n", client=PROXY)
