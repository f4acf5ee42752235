"""OCSP answers, stapled where a certificate names somebody to ask: here openssl's own responder."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from slackwater import Secret, Tls
from tests.edge.conftest import Start
from tests.edge.site import Edge
from tests.ports import ports

PATIENCE = 15
SETTINGS = """
[ca]
default_ca = this
[this]
dir = .
database = index.txt
serial = serial
new_certs_dir = .
certificate = ca.pem
private_key = ca.key
default_md = sha256
default_days = 9
policy = any
x509_extensions = leaf
[any]
commonName = supplied
[leaf]
subjectAltName = DNS:shop.test
authorityInfoAccess = OCSP;URI:http://127.0.0.1:{port}
"""


def openssl(words: str, folder: Path) -> None:
    subprocess.run(["openssl", *words.split()], cwd=folder, check=True, capture_output=True)


@dataclass
class Authority:
    folder: Path
    port: int

    def certificate(self) -> Tls:
        """A chain for shop.test whose certificate names the responder."""
        (self.folder / "ca.cnf").write_text(SETTINGS.format(port=self.port))
        (self.folder / "index.txt").touch()
        (self.folder / "serial").write_text("01\n")
        openssl("req -x509 -newkey rsa:2048 -nodes -days 9 -subj /CN=ca -keyout ca.key -out ca.pem", self.folder)
        openssl("req -newkey rsa:2048 -nodes -subj /CN=shop.test -keyout shop.key -out shop.csr", self.folder)
        openssl("ca -batch -notext -config ca.cnf -in shop.csr -out shop.pem", self.folder)
        chain = self.folder / "chain.pem"
        chain.write_text((self.folder / "shop.pem").read_text() + (self.folder / "ca.pem").read_text())
        return Tls.files(certificate=str(chain), key=Secret.file(str(self.folder / "shop.key")))


@pytest.fixture
def authority(tmp_path: Path) -> Iterator[tuple[Tls, Path]]:
    found = Authority(tmp_path, *ports(1))
    tls = found.certificate()
    words = f"openssl ocsp -port {found.port} -index index.txt -CA ca.pem -rsigner ca.pem -rkey ca.key -text"
    with subprocess.Popen(words.split(), cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        yield tls, tmp_path / "ca.pem"
        process.terminate()


def stapled(site: Edge) -> str:
    words = f"openssl s_client -connect 127.0.0.1:{site.balancer.https_port} -servername shop.test -status"
    return subprocess.run(words.split(), input="", capture_output=True, text=True, check=False).stdout


def until_stapled(site: Edge) -> str:
    """nginx asks when the first client does, and answers that one without."""
    end = time.monotonic() + PATIENCE
    while "Cert Status: good" not in (said := stapled(site)) and time.monotonic() < end:
        time.sleep(0.2)
    return said


def test_an_answer_is_stapled_where_the_certificate_offers_it(edge: Start, authority: tuple[Tls, Path]) -> None:
    """The browser need not ask, and nobody learns from it who visits whom."""
    site = edge(tls=authority[0])

    assert "Cert Status: good" in until_stapled(site)


def test_a_self_signed_certificate_has_nobody_to_ask(edge: Start) -> None:
    """And nginx does not warn of it."""
    site = edge(tls=Tls.self_signed())

    assert "OCSP response: no response sent" in stapled(site)
    assert "ssl_stapling" not in site.errors()
