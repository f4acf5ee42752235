"""What a forward proxy reads: the proxy that it must use, the request, and whether an answer may be kept."""

from __future__ import annotations

import pytest

from slackwater.lab.proxying import Parent, body_size, parent_for, parse_request


def test_the_parent_is_read_as_curl_reads_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Name, port and password from http_proxy; none for what no_proxy names."""
    monkeypatch.setenv("http_proxy", "http://me:pass%40word@proxy.example:3128")
    monkeypatch.setenv("no_proxy", "inside.example")

    assert Parent("proxy.example", 3128, "Basic bWU6cGFzc0B3b3Jk") == parent_for("http", "outside.example")
    assert None is parent_for("http", "inside.example")


def test_a_parent_gets_the_whole_url_and_the_server_only_the_path() -> None:
    """One request a connection, whatever the client wished."""
    request = parse_request(b"GET http://a.example/x?y=1 HTTP/1.1\r\nHost: a.example\r\nConnection: keep-alive\r\n\r\n")

    assert b"GET /x?y=1 HTTP/1.1\r\nHost: a.example\r\nConnection: close\r\n\r\n" == request.head(None)
    assert request.head(Parent("p", 1, "Basic x")).startswith(b"GET http://a.example/x?y=1 HTTP/1.1\r\n")
    assert request.head(Parent("p", 1, "Basic x")).endswith(b"Proxy-Authorization: Basic x\r\n\r\n")


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", 5),
        (b"HTTP/1.1 206 Partial Content\r\nContent-Length: 5\r\n\r\n", None),
        (b"HTTP/1.1 404 Not Found\r\nContent-Length: 5\r\n\r\n", None),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", None),
        (b"HTTP/1.1 200 OK\r\n\r\n", None),
    ],
)
def test_only_a_whole_plain_answer_is_kept(head: bytes, expected: int | None) -> None:
    """Its length is known from the start, so that a part is never taken for it."""
    assert expected == body_size(head)
