"""The hosts' way out, with real connections to a real server."""

from __future__ import annotations

import asyncio
import http.client
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import IPv4Network
from pathlib import Path

import pytest

from slackwater.lab.egress import Egress, listen
from slackwater.lab.package_cache import PackageCache

LOOPBACK = IPv4Network("127.0.0.0/8")
PACKAGE = b"package" * 100_000


class Origin(BaseHTTPRequestHandler):
    """Answers with a package; /short breaks off in the middle; counts what it was asked."""

    asked: list[str]

    def do_GET(self) -> None:
        self.asked.append(f"{self.path} {self.headers.get('Proxy-Authorization', '-')}")
        self.send_response(200)
        self.send_header("Content-Length", str(len(PACKAGE)))
        self.end_headers()
        self.wfile.write(PACKAGE[:1000] if self.path.startswith("/short") else PACKAGE)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it so
        """The test says what it needs to say."""


@contextmanager
def running_origin() -> Iterator[tuple[str, list[str]]]:
    """Its address, and what it was asked."""
    handler = type("Counted", (Origin,), {"asked": []})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"127.0.0.1:{server.server_port}", handler.asked
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture
def origin() -> Iterator[tuple[str, list[str]]]:
    with running_origin() as running:
        yield running


@contextmanager
def proxy(cache: Path, clients: IPv4Network = LOOPBACK) -> Iterator[int]:
    """Its port."""
    loop = asyncio.new_event_loop()
    server = loop.run_until_complete(listen(Egress(clients, PackageCache(cache)), "127.0.0.1", 0))
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        asyncio.run_coroutine_threadsafe(stop(server), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def stop(server: asyncio.Server) -> None:
    """A connection that is still open ends with the loop."""
    server.close()
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)


@contextmanager
def proxy_process(cache: Path, **environment: str) -> Iterator[int]:
    """The program as a lab starts it."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "slackwater.lab.egress", "127.0.0.1", str(port), str(LOOPBACK), str(cache)]
    process = subprocess.Popen(command, env={**os.environ, **environment}, stderr=subprocess.DEVNULL)
    try:
        wait_for(port)
        yield port
    finally:
        process.terminate()
        process.wait()


def wait_for(port: int) -> None:
    for _ in range(200):
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.05)
    pytest.fail("the proxy does not listen")


def get(port: int, url: str, **headers: str) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("GET", url, headers=headers)
    answer = connection.getresponse()
    return answer.status, answer.read()


def tunnel(port: int, address: str, path: str) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    host, _, own_port = address.partition(":")
    connection.set_tunnel(host, int(own_port))
    connection.request("GET", path)
    answer = connection.getresponse()
    return answer.status, answer.read()


def test_a_request_is_passed_on(tmp_path: Path, origin: tuple[str, list[str]]) -> None:
    """With its query, and without the client's words to the proxy."""
    with proxy(tmp_path) as port:
        answer = get(port, f"http://{origin[0]}/list?a=1", **{"Proxy-Authorization": "secret"})

    assert (200, PACKAGE) == answer
    assert ["/list?a=1 -"] == origin[1]


def test_a_tunnel_carries_both_ways(tmp_path: Path, origin: tuple[str, list[str]]) -> None:
    """What HTTPS needs."""
    with proxy(tmp_path) as port:
        assert (200, PACKAGE) == tunnel(port, origin[0], "/through")


def test_a_package_is_fetched_once(tmp_path: Path, origin: tuple[str, list[str]]) -> None:
    """The second comes from the cache, byte for byte."""
    with proxy(tmp_path) as port:
        answers = [get(port, f"http://{origin[0]}/pool/x.deb") for _ in range(2)]

    assert [(200, PACKAGE)] * 2 == answers
    assert ["/pool/x.deb -"] == origin[1]


def test_a_package_asked_for_by_many_at_once_is_whole_for_all(tmp_path: Path, origin: tuple[str, list[str]]) -> None:
    """However many fetch it, one copy is kept."""
    answers: list[tuple[int, bytes]] = []
    with proxy(tmp_path) as port:
        url = f"http://{origin[0]}/pool/x.deb"
        threads = [threading.Thread(target=lambda: answers.append(get(port, url))) for _ in range(20)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    assert [(200, PACKAGE)] * 20 == answers
    assert 1 == len(list(tmp_path.iterdir()))


@pytest.mark.parametrize("path", ["/InRelease", "/pool/x.deb?token=1"])
def test_what_may_change_is_always_asked_for(tmp_path: Path, origin: tuple[str, list[str]], path: str) -> None:
    """A kept list would hide the next security update."""
    with proxy(tmp_path) as port:
        for _ in range(2):
            get(port, f"http://{origin[0]}{path}")

    assert 2 == len(origin[1])


def test_a_part_of_a_package_is_neither_kept_nor_served_from_the_whole(
    tmp_path: Path, origin: tuple[str, list[str]]
) -> None:
    """apt goes on with a broken download by asking for the rest."""
    with proxy(tmp_path) as port:
        get(port, f"http://{origin[0]}/pool/x.deb", Range="bytes=5-")

    assert [] == list(tmp_path.iterdir())


def test_a_package_that_breaks_off_is_not_kept(tmp_path: Path, origin: tuple[str, list[str]]) -> None:
    """The client sees it break off as well."""
    with proxy(tmp_path) as port, pytest.raises(http.client.IncompleteRead):
        get(port, f"http://{origin[0]}/short/x.deb")

    assert [] == list(tmp_path.iterdir())


def test_other_clients_are_refused(tmp_path: Path, origin: tuple[str, list[str]]) -> None:
    """Nobody but the hosts of the lab has this way out."""
    with proxy(tmp_path, IPv4Network("10.77.0.0/24")) as port:
        assert (403, b"") == get(port, f"http://{origin[0]}/list")


@pytest.mark.parametrize("url", ["/path-only", "ftp://127.0.0.1/x"])
def test_what_is_no_request_to_a_proxy_is_refused(tmp_path: Path, url: str) -> None:
    """A bad request ends in an answer, not in a silence."""
    with proxy(tmp_path) as port:
        assert (400, b"") == get(port, url)


def test_a_server_that_is_not_there_is_an_answer(tmp_path: Path) -> None:
    """apt tries its next source at once."""
    with socket.socket() as closed, proxy(tmp_path) as port:
        closed.bind(("127.0.0.1", 0))

        assert (502, b"") == get(port, f"http://127.0.0.1:{closed.getsockname()[1]}/x")


def test_the_machines_own_proxy_is_used(tmp_path: Path, origin: tuple[str, list[str]]) -> None:
    """Requests and tunnels both go through it, with its password."""
    with proxy_process(tmp_path / "parent") as parent:
        own = f"http://me:pass%40word@127.0.0.1:{parent}"
        with proxy_process(tmp_path / "child", http_proxy=own, https_proxy=own, no_proxy="") as child:
            answers = [get(child, f"http://{origin[0]}/pool/x.deb"), tunnel(child, origin[0], "/through")]

    assert [(200, PACKAGE)] * 2 == answers
    assert [1, 1] == [len(list((tmp_path / which).iterdir())) for which in ("parent", "child")]


def test_a_parent_that_is_gone_is_an_answer(tmp_path: Path, origin: tuple[str, list[str]]) -> None:
    """The proxy does not go round it: a company's proxy is there for a reason."""
    with proxy_process(tmp_path / "parent") as parent:
        own = f"http://127.0.0.1:{parent}"
    with proxy_process(tmp_path / "child", http_proxy=own, https_proxy=own, no_proxy="") as child:
        assert (502, b"") == get(child, f"http://{origin[0]}/list")

    assert [] == origin[1]
