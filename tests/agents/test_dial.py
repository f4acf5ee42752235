"""Requests of agents: no name server, and no proxy, may hold them longer than they were told."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from slackwater.agents import dial
from slackwater.agents.metadata import Metadata
from slackwater.agents.signed import Aws, RefusedError
from slackwater.lab.metadata import Instance, Role, listening, serving
from tests.agents.door import door

FOREVER = 600.0


class Servers:
    """Name servers; while `silent` is set they let everybody wait."""

    def __init__(self) -> None:
        self.silent, self.asked = threading.Event(), 0

    def look_up(self, host: str, port: int, **_: object) -> dial.Addresses:
        self.asked += 1
        if self.silent.is_set():
            time.sleep(FOREVER)
        if host == "nowhere.example":
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return socket.getaddrinfo("127.0.0.1", port, type=socket.SOCK_STREAM)


@pytest.fixture
def servers() -> Servers:
    return Servers()


def get(url: str, names: dial.Names) -> tuple[int, bytes]:
    with dial.request("GET", url, names, body=b"", headers={"host": "x"}, limit=0.5) as answer:
        return answer.status, answer.read()


def test_what_was_found_last_serves_while_nobody_answers(servers: Servers) -> None:
    """And one question is enough: a machine's last minutes do not gather threads."""
    names = dial.Names(servers.look_up)
    with door((200, {}, b"tide")) as server:
        url = f"http://tides.example:{server.server_port}/"
        first = get(url, names)
        servers.silent.set()
        later = [get(url, names) for _ in range(2)]

    assert [(200, b"tide")] * 3 == [first, *later]
    assert 2 == servers.asked


def test_a_name_that_nobody_looks_up_is_given_up(servers: Servers) -> None:
    """The caller's deadline stands; a name that is none is said at once."""
    names = dial.Names(servers.look_up)
    with pytest.raises(OSError, match="Name or service not known"):
        get("http://nowhere.example/", names)
    servers.silent.set()
    with pytest.raises(TimeoutError, match="no name server tells the address of tides"):
        get("http://tides.example/", names)


def test_aws_is_not_waited_for_beyond_the_deadline(servers: Servers) -> None:
    """All that a leave says to it is bounded, from the look-up on."""
    servers.silent.set()
    me = Instance("i-1", "127.0.0.1", role=Role("shop"))
    said: list[str] = []
    with serving(listening(), lambda _: me) as service:
        deadline = time.monotonic() + 3
        names = dial.Names(servers.look_up)
        aws = Aws(Metadata(service.url), "eu-central-1", None, deadline, new_role=0.0, least=1.0, names=names)

        def ask() -> None:
            with pytest.raises(RefusedError) as refused:
                aws.scaling("CompleteLifecycleAction")
            said.append(str(refused.value))

        asking = threading.Thread(target=ask, daemon=True)
        asking.start()
        asking.join(60)

    assert ["no name server"] == [line[line.index("no name") :][:14] for line in said]


def test_one_address_after_the_other_is_tried() -> None:
    """A name has several; the first may be dead."""
    with door((200, {}, b"tide")) as server, socket.socket() as dead:
        dead.bind(("127.0.0.1", 0))
        both = [(socket.AF_INET, socket.SOCK_STREAM, 0, "", one.getsockname()) for one in (dead, server.socket)]

        assert (200, b"tide") == get("http://tides.example/", dial.Names(lambda *_, **__: both))


@contextmanager
def tunnels(status: int) -> Iterator[tuple[str, list[str]]]:
    """A proxy that hears one CONNECT, answers it, and ends."""
    heard: list[str] = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            made, _ = server.accept()
            with made:
                heard.append(made.recv(4096).decode())
                made.sendall(f"HTTP/1.1 {status} so\r\n\r\n".encode())

        threading.Thread(target=serve, daemon=True).start()
        yield f"http://anna:s%40lt@127.0.0.1:{server.getsockname()[1]}", heard


@pytest.mark.parametrize(("status", "said"), [(407, "answers with 407"), (200, "(?i)ssl|eof|reset|closed")])
def test_a_proxy_of_the_environment_is_asked_for_a_tunnel(
    monkeypatch: pytest.MonkeyPatch, status: int, said: str
) -> None:
    """With whom it knows; what goes through it is TLS with AWS itself."""
    with tunnels(status) as (place, heard):
        monkeypatch.setenv("https_proxy", place)
        with pytest.raises(OSError, match=said):  # at the latest when TLS finds nobody behind it
            get("https://s3.example/x", dial.Names())

    assert "CONNECT s3.example:443 HTTP/1.1" == heard[0].splitlines()[0]
    assert "proxy-authorization: Basic YW5uYTpzQGx0" in heard[0]


def test_a_proxy_gets_a_plain_request_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    """And none for whom the environment excepts."""
    with door((200, {}, b"tide")) as server:
        monkeypatch.setenv("http_proxy", server.url)
        through = get("http://s3.example/x?y=1", dial.Names())
        monkeypatch.setenv("no_proxy", "127.0.0.1")
        direct = get(f"{server.url}/direct", dial.Names())

    assert [(200, b"tide")] * 2 == [through, direct]
    assert ["http://s3.example/x?y=1", "/direct"] == [path for path, _ in server.asked]
