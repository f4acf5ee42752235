"""Fetching source archives from a real server."""

from __future__ import annotations

import hashlib
import socket
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from http.server import BaseHTTPRequestHandler, SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import ClassVar

import pytest

from slackwater import App, Source
from slackwater.errors import ReleaseError
from slackwater.release._fetch import fetch, shown

CONTENT = b"an archive" * 1000
SHA256 = hashlib.sha256(CONTENT).hexdigest()


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *args: object) -> None:
        """Nothing: the server's log would hide pytest's."""


class Connect(BaseHTTPRequestHandler):
    """A forward proxy for one connection at a time."""

    asked: ClassVar[list[str]] = []

    def do_CONNECT(self) -> None:
        self.asked.append(self.command)
        host, port = self.path.split(":")
        with socket.create_connection((host, int(port))) as server:
            self.send_response(200)
            self.end_headers()
            back = Thread(target=self._copy, args=(server, self.connection))
            back.start()
            self._copy(self.connection, server)
            back.join()

    def log_message(self, *args: object) -> None:
        """Nothing: the proxy's log would hide pytest's."""

    def _copy(self, source: socket.socket, target: socket.socket) -> None:
        while data := source.recv(65_536):
            target.sendall(data)
        with suppress(OSError):
            target.shutdown(socket.SHUT_WR)


@pytest.fixture
def proxy() -> Iterator[str]:
    Connect.asked.clear()
    with ThreadingHTTPServer(("127.0.0.1", 0), Connect) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture
def served(tmp_path: Path) -> Iterator[ThreadingHTTPServer]:
    (tmp_path / "a.tar").write_bytes(CONTENT)
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(tmp_path))) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


@pytest.fixture
def address(served: ThreadingHTTPServer) -> str:
    return f"http://127.0.0.1:{served.server_port}"


def of(url: str, sha256: str = SHA256) -> App:
    return App(name="hello", entrypoint="hello:app", source=Source.archive(url, sha256=sha256))


@pytest.mark.parametrize("from_disk", [True, False])
def test_the_archive_arrives_whole(address: str, tmp_path: Path, from_disk: bool) -> None:
    """By http and from a file alike."""
    url = f"file://{tmp_path}/a.tar" if from_disk else f"{address}/a.tar"
    fetch(of(url), tmp_path / "got")

    assert CONTENT == (tmp_path / "got").read_bytes()


@pytest.mark.parametrize("through", ["", "proxy"])
def test_the_systems_certificates_count(
    served: ThreadingHTTPServer, proxy: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, through: str
) -> None:
    """A certificate that only this machine trusts is good enough, as on a company's network, also through its proxy."""
    certificate, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    names = ["-subj", "/CN=here", "-addext", "subjectAltName=IP:127.0.0.1"]
    command = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-keyout",
        str(key),
        "-out",
        str(certificate),
    ]
    subprocess.run([*command, *names], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    served.socket = context.wrap_socket(served.socket, server_side=True)
    for variable in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_DIR", "no_proxy", "NO_PROXY"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("https_proxy", proxy if through else "")
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    fetch(of(f"https://127.0.0.1:{served.server_port}/a.tar"), tmp_path / "got")

    assert CONTENT == (tmp_path / "got").read_bytes()
    assert ["CONNECT"] * bool(through) == Connect.asked


def test_another_content_is_refused(address: str, tmp_path: Path) -> None:
    """The sentence has both checksums, so that the operator can compare."""
    with pytest.raises(ReleaseError, match=rf"has sha256 {SHA256}, but the settings say {'0' * 64}"):
        fetch(of(f"{address}/a.tar", "0" * 64), tmp_path / "got")


def test_a_missing_archive_is_named_without_its_credentials(address: str, tmp_path: Path) -> None:
    """Deploys are logged, and logs are read by many."""
    url = address.replace("//", "//me:hunter2@") + "/b.tar?token=hunter2"
    with pytest.raises(
        ReleaseError, match=r"app hello: its source .*/b\.tar could not be fetched: the server answered 404"
    ) as info:
        fetch(of(url), tmp_path / "got")

    assert "hunter2" not in str(info.value)


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/a.tar", "file:///nowhere/a.tar"])
def test_a_server_or_file_that_is_not_there_is_named(url: str, tmp_path: Path) -> None:
    """Also when there is no answer at all."""
    with pytest.raises(ReleaseError, match=rf"app hello: its source {url} could not be fetched: \w+"):
        fetch(of(url), tmp_path / "got")


def test_credentials_are_never_shown() -> None:
    """User, password and query may each be one."""
    assert "https://example.invalid:8443/a.tgz" == shown("https://me:pw@example.invalid:8443/a.tgz?signature=x#y")
