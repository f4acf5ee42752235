"""TLS between the balancer and the app hosts."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from slackwater import BackendTls, Membership, Nginx, Secret, Tls
from tests.edge.conftest import Start

NAME = "app.internal"


def openssl(words: str, folder: Path) -> None:
    subprocess.run(["openssl", *words.split()], cwd=folder, check=True, capture_output=True)


@pytest.fixture
def authority(tmp_path: Path) -> Path:
    """`ca.pem`, and `app.pem` with `app.key` that it has signed for app.internal."""
    openssl("req -x509 -newkey rsa:2048 -nodes -days 9 -subj /CN=ca -keyout ca.key -out ca.pem", tmp_path)
    openssl(f"req -newkey rsa:2048 -nodes -subj /CN={NAME} -keyout app.key -out app.csr", tmp_path)
    (tmp_path / "names").write_text(f"subjectAltName=DNS:{NAME}\n")
    openssl(
        "x509 -req -in app.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 9 -extfile names -out app.pem", tmp_path
    )
    return tmp_path


def signed(authority: Path) -> Nginx:
    return Nginx(tls=Tls.files(certificate=str(authority / "app.pem"), key=Secret.file(str(authority / "app.key"))))


def test_requests_go_through_it(edge: Start) -> None:
    """With a certificate that each app host has made itself."""
    site = edge(backend_tls=BackendTls(), app={"nginx": Nginx(tls=Tls.self_signed())})
    answer = site.ask("POST", "/books", body=b"x" * 100_000, client="127.0.0.5")

    assert (200, 100_000) == (answer.status, answer.echo["body"])
    assert "127.0.0.5" == answer.echo["headers"]["x-forwarded-for"]


def test_the_app_does_not_believe_that_the_client_spoke_it(edge: Start) -> None:
    """The way inside is not the way outside: who came by HTTP is told so, and sees no secure cookie lost."""
    site = edge(backend_tls=BackendTls(), app={"nginx": Nginx(tls=Tls.self_signed())}, tls=Tls.self_signed())
    plain, secure = (site.get("/", secure=way, client="127.0.0.5").echo["headers"] for way in (False, True))

    assert ("http", "https") == (plain["x-forwarded-proto"], secure["x-forwarded-proto"])


def test_an_app_host_that_the_ca_has_signed_is_asked(edge: Start, authority: Path) -> None:
    """Its certificate bears the name that all of them have."""
    tls = BackendTls(ca=str(authority / "ca.pem"), name=NAME)

    assert 200 == edge(backend_tls=tls, app={"nginx": signed(authority)}).get().status


@pytest.mark.parametrize(("ca", "name"), [("ca.pem", "other.internal"), ("other.pem", NAME)])
def test_anybody_else_is_not_asked(edge: Start, authority: Path, ca: str, name: str) -> None:
    """Another name or another authority: 502, and the app has not seen the request."""
    openssl("req -x509 -newkey rsa:2048 -nodes -days 9 -subj /CN=other -keyout other.key -out other.pem", authority)
    tls = BackendTls(ca=str(authority / ca), name=name)

    assert 502 == edge(backend_tls=tls, app={"nginx": signed(authority)}).get().status


@pytest.mark.parametrize("is_checked", [True, False])
def test_without_a_member_it_says_so(edge: Start, authority: Path, is_checked: bool) -> None:
    """503 with Retry-After, as without TLS, whoever must have signed the members' certificates."""
    tls = BackendTls(ca=str(authority / "ca.pem"), name=NAME) if is_checked else BackendTls()
    nobody = [Membership.dns("app.internal", port=8000)]
    answer = edge(backend_tls=tls, membership=nobody, app={"nginx": signed(authority)}).get()

    assert (503, "1") == (answer.status, answer["retry-after"])


def test_a_balancer_that_speaks_plain_http_is_answered_400(edge: Start) -> None:
    """The two settings belong together; lint says so before."""
    assert 400 == edge(app={"nginx": Nginx(tls=Tls.self_signed())}).get().status
