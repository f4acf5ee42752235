"""Lint of the edge: files that are read on deploy, and what must agree."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from .conftest import Check
from .project import app

OPENING = "from slackwater import *\n\n"
FILES = 'Tls.files(certificate="shop.pem", key=Secret.file("shop.key"))'


def balancer(**settings: str) -> dict[str, str]:
    """group_data/balancer.py with those settings, as a user writes them."""
    words = ", ".join(f"{name}={value}" for name, value in settings.items())
    return {"group_data/balancer.py": f"{OPENING}balancer = Balancer({words})\n"}


def pair(folder: Path, *words: str) -> dict[str, str]:
    line = "openssl req -x509 -newkey rsa:2048 -days 9 -subj /CN=shop.test -keyout shop.key -out shop.pem"
    subprocess.run([*line.split(), *(words or ("-nodes",))], cwd=folder, check=True, capture_output=True)
    return {name: (folder / name).read_text() for name in ("shop.pem", "shop.key")}


CLEAN = [
    {"tls": "Tls.self_signed()", "redirect": "True", "hsts": "Hsts()"},
    {"tls": 'Tls.certbot(email="a@b.cd", domains=["shop.example.com", "x.io"])', "https_port": "8443"},
    {"trusted_proxies": '["10.0.0.0/8", "fd00::/8", "192.0.2.1"]', "redirect": "True"},
    {"trusted_proxies": '["10.0.0.0/8"]', "proxy_protocol": "True"},
    {"rate_limit": "RateLimit(per_minute=1, burst=0)", "block_patterns": "True", "maintenance_page": '"page.html"'},
    {"cors": 'Cors(origins=["https://a.example", "http://localhost:3000"], credentials=True)'},
    {"hsts": "Hsts(max_age=365, subdomains=True, preload=True)", "tls": "Tls.self_signed()"},
]


@pytest.mark.parametrize("settings", CLEAN)
def test_a_right_edge_is_clean(settings: dict[str, str], check: Check) -> None:
    """No check speaks up where nothing is wrong."""
    assert [] == check({**balancer(**settings), "page.html": "<p>closed\n"})


def test_a_given_certificate_with_its_key_is_clean(check: Check, tmp_path: Path) -> None:
    """Both are read, and they belong together."""
    assert [] == check({**balancer(tls=FILES), **pair(tmp_path)})


BAD = [
    ({"tls": "Tls.self_signed(domains=['*.example.com'])"}, "tls.domains[0]", "without '*'"),
    ({"tls": 'Tls.certbot(email="ops", domains=["a.io"])'}, "tls.email", "'ops@example.com'"),
    ({"tls": 'Tls.certbot(email="a@b.cd", domains=[])'}, "tls.domains", "at least one domain"),
    ({"tls": 'Tls.certbot(email="a@b.cd", domains=["a.io"], server="http://x/dir")'}, "tls.server", "https://"),
    ({"tls": FILES}, "tls.certificate", "a readable file of certificates in PEM"),
    ({"redirect": "True"}, "redirect", "must have tls=Tls…"),
    ({"hsts": "Hsts()"}, "hsts", "must have tls=Tls…"),
    ({"hsts": "Hsts(preload=True)", "tls": "Tls.self_signed()"}, "hsts.preload", "subdomains=True"),
    ({"https_port": "80", "tls": "Tls.self_signed()"}, "https_port", "another port"),
    ({"https_port": "8081"}, "https_port", "another port"),
    ({"proxy_protocol": "True"}, "proxy_protocol", "must have trusted_proxies"),
    ({"trusted_proxies": '["0.0.0.0/0"]'}, "trusted_proxies[0]", "not the whole internet"),
    ({"trusted_proxies": '["10.0.0.1/8"]'}, "trusted_proxies[0]", "whose host part is zero"),
    ({"trusted_proxies": '["proxy"]'}, "trusted_proxies[0]", "an address or network"),
    ({"rate_limit": "RateLimit(per_minute=0)"}, "rate_limit.per_minute", "of at least 1"),
    ({"rate_limit": "100"}, "rate_limit", "RateLimit(…), or None"),
    ({"cors": 'Cors(origins=["*"])'}, "cors.origins[0]", "without '*'"),
    ({"cors": "Cors(origins=[])"}, "cors.origins", "at least one origin"),
    ({"cors": 'Cors(origins=["https://a.example/"])'}, "cors.origins[0]", "without a path"),
    ({"cors": 'Cors(origins=["https://a.example"], methods=["get"])'}, "cors.methods[0]", "any of 'GET'"),
    ({"cors": 'Cors(origins=["https://a.example"], headers=["X: y"])'}, "cors.headers[0]", "a header's name"),
    ({"header_limit": "16"}, "header_limit", "from 1 to 8"),
    ({"maintenance_page": '"nowhere.html"'}, "maintenance_page", "a readable text file"),
    ({"checks": "Checks(timeout=3)"}, "checks.timeout", "greater than health.timeout of"),
    ({"backend_tls": 'BackendTls(ca="ca.pem")'}, "backend_tls.name", "any certificate of that CA would do"),
    ({"backend_tls": "BackendTls()"}, "backend_tls", "app.nginx.tls, which shop lacks"),
    ({"address": '"balancer.internal"'}, "address", "an IP address"),
    ({"floor": "101"}, "floor", "from 0 to 100"),
]


@pytest.mark.parametrize(("settings", "path", "allowed"), BAD, ids=[f"{case[1]}={case[0]}"[:70] for case in BAD])
def test_a_bad_setting_of_the_edge_is_named(settings: dict[str, str], path: str, allowed: str, check: Check) -> None:
    """The first fault names the file, the line, the setting's path and what is allowed."""
    first = check(balancer(**settings))[0]

    assert ("group_data/balancer.py", 3, f"balancer.{path}") == (first["file"], first["line"], first["field"])
    assert allowed in first["allowed"]


def test_the_key_of_another_certificate_is_named(check: Check, tmp_path: Path) -> None:
    """And nothing of it is shown."""
    key = pair(tmp_path)["shop.key"]
    (fault,) = check({**balancer(tls=FILES), **pair(tmp_path), "shop.key": key})

    assert ("balancer.tls.certificate", "'shop.pem'") == (fault["field"], fault["value"])
    assert "must be the chain of `key`" in fault["allowed"]


def test_a_key_with_a_password_is_named(check: Check, tmp_path: Path) -> None:
    """nginx would ask for it on a terminal that is not there."""
    (fault,) = check({**balancer(tls=FILES), **pair(tmp_path, "-passout", "pass:hunter2")})

    assert "without password" in fault["allowed"]


def test_a_missing_key_is_named(check: Check, tmp_path: Path) -> None:
    """By where it was looked for."""
    chain = pair(tmp_path)["shop.pem"]
    (tmp_path / "shop.key").unlink()
    (fault,) = check({**balancer(tls=FILES), "shop.pem": chain})

    assert "balancer.tls.key.location" == fault["field"]


def test_an_app_that_speaks_tls_needs_a_balancer_that_does(check: Check) -> None:
    """Each request would be answered 400."""
    (fault,) = check({"group_data/app.py": app(nginx="Nginx(tls=Tls.self_signed())")})

    assert "app.nginx.tls" == fault["field"]
    assert "balancer.backend_tls, which is not set" in fault["allowed"]


def test_an_app_host_gets_no_certificate_of_an_authority(check: Check) -> None:
    """It has no address of its own in the world."""
    certbot = 'Nginx(tls=Tls.certbot(email="a@b.cd", domains=["a.io"]))'

    assert "app.nginx.tls" == check({"group_data/app.py": app(nginx=certbot)})[0]["field"]


def test_both_on_one_host_need_two_ports(check: Check) -> None:
    """The balancer's second port is taken, too."""
    files = {"inventories/prod.py": 'app = ["one"]\nbalancer = ["one"]\n', "group_data/app.py": app(port="443")}
    (fault,) = check({**files, **balancer(tls="Tls.self_signed()")})

    assert "app.port" == fault["field"]
    assert "must differ from balancer.https_port" in fault["allowed"]
