"""HTTPS: the certificate, the protocol, and what sends people there."""

from __future__ import annotations

import socket
import ssl
import subprocess
from pathlib import Path

import pytest

from slackwater import Hsts, Secret, Tls
from tests.edge.conftest import Start
from tests.edge.site import Edge, trusting

YEAR = 365 * 86400


def handshake(site: Edge, context: ssl.SSLContext, session: ssl.SSLSession | None = None) -> ssl.SSLSocket:
    raw = socket.create_connection(("127.0.0.1", site.balancer.https_port), timeout=10)
    return context.wrap_socket(raw, server_hostname="shop.test", session=session)


@pytest.fixture
def pair(tmp_path: Path) -> tuple[Path, Path]:
    """A certificate for shop.test and its key."""
    chain, key = tmp_path / "shop.pem", tmp_path / "shop.key"
    words = "openssl req -x509 -newkey rsa:2048 -nodes -days 9 -subj /CN=shop.test -addext subjectAltName=DNS:shop.test"
    subprocess.run([*words.split(), "-keyout", str(key), "-out", str(chain)], check=True, capture_output=True)
    return chain, key


def test_a_self_signed_certificate_bears_the_hosts_names(edge: Start) -> None:
    """The host's own and those that were asked for: whoever trusts the file may check the name."""
    site = edge(tls=Tls.self_signed(domains=["shop.test"]))
    bundle = site.place / "etc/nginx/slackwater/tls/self-signed.pem"
    context = ssl.create_default_context(cafile=str(bundle))

    with handshake(site, context) as connection:
        names = [name for kind, name in connection.getpeercert()["subjectAltName"] if kind == "DNS"]  # type: ignore[index,misc]

    assert [socket.gethostname(), "shop.test"] == names
    assert 0o600 == bundle.stat().st_mode & 0o777


def test_a_given_certificate_is_served(edge: Start, pair: tuple[Path, Path]) -> None:
    """Chain from a file, key from outside of the project."""
    chain, key = pair
    site = edge(tls=Tls.files(certificate=str(chain), key=Secret.file(str(key))))

    with handshake(site, ssl.create_default_context(cafile=str(chain))) as connection:
        assert "TLSv1.3" == connection.version()

    assert "https" == site.get("/", secure=True, client="127.0.0.5").echo["headers"]["x-forwarded-proto"]


def test_http_2_is_offered(edge: Start) -> None:
    """Whoever does not speak it gets HTTP/1.1."""
    site = edge(tls=Tls.self_signed())
    chosen = []
    for offered in (["h2", "http/1.1"], ["http/1.1"]):
        context = trusting()
        context.set_alpn_protocols(offered)
        with handshake(site, context) as connection:
            chosen.append(connection.selected_alpn_protocol())

    assert ["h2", "http/1.1"] == chosen


def test_a_request_over_http_2_reaches_the_app(edge: Start) -> None:
    """With its host, which is no header there."""
    site = edge(tls=Tls.self_signed())
    url = f"https://shop.test:{site.balancer.https_port}/x"
    resolve = f"shop.test:{site.balancer.https_port}:127.0.0.1"
    command = ["curl", "-sk", "--http2", "--resolve", resolve, "-w", "\n%{http_version}", url]
    body, version = subprocess.run(command, check=True, capture_output=True, text=True).stdout.rsplit("\n", 1)

    assert "2" == version
    assert f'"host": "shop.test:{site.balancer.https_port}"' in body


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_session_is_taken_up_again(edge: Start, version: ssl.TLSVersion) -> None:
    """Whoever comes back is spared the long handshake, on whichever worker; it is the cache, for tickets are off."""
    site, context = edge(tls=Tls.self_signed()), trusting()
    context.minimum_version = context.maximum_version = version
    first = handshake(site, context)
    first.sendall(b"GET / HTTP/1.1\r\nHost: shop.test\r\nConnection: close\r\n\r\n")
    b"".join(iter(lambda: first.recv(65536), b""))
    session = first.session
    first.close()
    again = [handshake(site, context, session) for _ in range(8)]
    reused = [connection.session_reused for connection in again]
    for connection in again:
        connection.close()

    assert [True] * 8 == reused


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1])
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_an_old_protocol_is_refused(edge: Start, version: ssl.TLSVersion) -> None:
    """Whatever the client offers to accept."""
    site = edge(tls=Tls.self_signed())
    context = trusting()
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version = context.maximum_version = version

    with pytest.raises(ssl.SSLError):
        handshake(site, context)


def test_plain_http_is_served_too_unless_redirected(edge: Start) -> None:
    """Off unless set: a self-signed certificate is no place to send people to."""
    site = edge(tls=Tls.self_signed())

    assert (200, 200) == (site.get().status, site.get(secure=True).status)


def test_redirect_keeps_method_host_and_address(edge: Start) -> None:
    """308, so that a POST stays a POST."""
    site = edge(tls=Tls.self_signed(), redirect=True)
    answer = site.ask("POST", "/books?id=7&q=a%2Fb", {"Host": "shop.example.com"}, body=b"x")

    assert 308 == answer.status
    assert f"https://shop.example.com:{site.balancer.https_port}/books?id=7&q=a%2Fb" == answer["location"]
    assert 200 == site.ask("POST", "/books", body=b"x", secure=True).status


def test_hsts_is_sent_over_https_only_and_once(edge: Start) -> None:
    """A browser ignores it over plain HTTP; the app's own wins."""
    site = edge(tls=Tls.self_signed(), hsts=Hsts(max_age=365, subdomains=True))
    own = "/?header=Strict-Transport-Security:max-age=5"

    assert site.get()["strict-transport-security"] is None
    assert f"max-age={YEAR}; includeSubDomains" == site.get(secure=True)["strict-transport-security"]
    assert "max-age=5" == site.get(own, secure=True)["strict-transport-security"]


def test_security_headers_are_sent_once(edge: Start) -> None:
    """By the app's host when it has them, by the balancer on its own answers."""
    site = edge(security_headers=True, block_patterns=True)
    names = ("x-content-type-options", "x-frame-options", "referrer-policy")
    wanted = ["nosniff", "DENY", "strict-origin-when-cross-origin"]

    assert wanted == [site.get()[name] for name in names]
    assert wanted == [site.get("/?x=%00")[name] for name in names]
