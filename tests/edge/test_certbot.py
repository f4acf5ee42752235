"""A certificate from a real authority: Debian's certbot against Debian's pebble, answered by the balancer's nginx."""

from __future__ import annotations

import json
import os
import re
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from roles.certbot import certbot as certbot_role
from slackwater import Tls
from tests.edge.conftest import Start
from tests.edge.site import Edge, archives
from tests.ports import ports
from tests.roles.bare import Asked
from tests.roles.test_nginx import written

PACKAGES = ("pebble", "certbot")
PYTHON = "/usr/bin/python3"
PATIENCE = 30
DOMAINS = ["shop.localhost", "www.shop.localhost"]
EMAIL = "ops@example.com"


@pytest.fixture(scope="session")
def debian(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Both programs with all that they need of Debian, unpacked into a folder: nothing is installed."""
    if not Path("/etc/debian_version").exists() or not Path(PYTHON).exists():
        pytest.skip("needs the packages of Debian or Ubuntu")
    folder = tmp_path_factory.mktemp("debian")
    without = ["recommends", "suggests", "conflicts", "breaks", "replaces", "enhances"]
    words = ["apt-cache", "depends", "--recurse", *(f"--no-{word}" for word in without), *PACKAGES]
    named = re.findall(r"^(\w\S+)", subprocess.run(words, check=True, capture_output=True, text=True).stdout, re.M)
    wanted = {name for name in named if name in PACKAGES or re.fullmatch(r"python3-(?!minimal)\S+", name)}
    subprocess.run(["apt-get", "-q", "download", *sorted(wanted)], cwd=folder, check=True, capture_output=True)
    for package in folder.glob("*.deb"):
        subprocess.run(["dpkg", "-x", str(package), str(folder)], check=True)
    return folder


@dataclass
class Authority:
    """`url` is its directory; `root` the certificate that it is reached by."""

    url: str
    root: Path


def pair(folder: Path, name: str) -> tuple[Path, Path]:
    chain, key = folder / f"{name}.pem", folder / f"{name}.key"
    words = "openssl req -x509 -newkey rsa:2048 -nodes -days 9 -subj /CN=localhost -addext subjectAltName=DNS:localhost"
    subprocess.run([*words.split(), "-keyout", str(key), "-out", str(chain)], check=True, capture_output=True)
    return chain, key


@pytest.fixture
def authority(debian: Path, place: Path, edge: Start) -> Iterator[tuple[Authority, Edge]]:
    """Pebble looks for the challenge on the balancer's own port; every name leads to this machine."""
    listen, management, names, told = ports(4)
    url = f"https://localhost:{listen}/dir"
    site = edge(tls=Tls.certbot(email=EMAIL, domains=DOMAINS, server=url), redirect=True)
    chain, key = pair(place, "authority")
    settings = {
        "listenAddress": f"127.0.0.1:{listen}",
        "managementListenAddress": f"127.0.0.1:{management}",
        "certificate": str(chain),
        "privateKey": str(key),
        "httpPort": site.balancer.port,
        "tlsPort": site.balancer.https_port,
    }
    (place / "pebble.json").write_text(json.dumps({"pebble": settings}))
    answers = [str(debian / "usr/bin/pebble-challtestsrv"), "-dns01", f"127.0.0.1:{names}", "-defaultIPv6", ""]
    answers += [word for kind in ("http01", "https01", "tlsalpn01") for word in (f"-{kind}", "")]
    words = [str(debian / "usr/bin/pebble"), "-config", str(place / "pebble.json"), "-dnsserver", f"127.0.0.1:{names}"]
    with (
        running([*answers, "-management", f"127.0.0.1:{told}"], place / "names.log"),
        running(words, place / "pebble.log"),
    ):
        wait_for(told)
        wait_for(listen)
        yield Authority(url, chain), site


@contextmanager
def running(words: list[str], log: Path) -> Iterator[None]:
    """Without pebble's habits of answering late and refusing now and then."""
    environment = {**os.environ, "PEBBLE_VA_NOSLEEP": "1", "PEBBLE_WFE_NONCEREJECT": "0"}
    with log.open("wb") as file, subprocess.Popen(words, env=environment, stdout=file, stderr=file) as process:
        try:
            yield
        finally:
            process.terminate()


def wait_for(port: int) -> None:
    end = time.monotonic() + PATIENCE
    while socket.socket().connect_ex(("127.0.0.1", port)):
        assert time.monotonic() < end
        time.sleep(0.05)


class Machine:
    """The host on which the role's commands run: its paths are below the site's folder."""

    def __init__(self, site: Edge, debian: Path, authority: Authority, run_role: Any) -> None:
        self.site, self.place = site, site.place
        self.bin = self.place / "bin"
        self.bin.mkdir()
        libraries = debian / "usr/lib/python3/dist-packages"
        letsencrypt = [f"--{name}-dir {self.place}/letsencrypt{end}" for name, end in DIRECTORIES]
        self.program("certbot", f'exec {PYTHON} {debian}/usr/bin/certbot "$@" {" ".join(letsencrypt)}')
        self.program("nginx", " ".join(["exec", *site.nginx('"$@"')]))
        self.program("systemctl", f'[ "$*" = "reload nginx.service" ] && {" ".join(site.nginx("-s", "reload"))}')
        self.environment = {
            **os.environ,
            "PATH": f"{self.bin}:{os.environ['PATH']}",
            "PYTHONPATH": str(libraries),
            "REQUESTS_CA_BUNDLE": str(authority.root),
        }
        data = {"balancer": site.balancer}
        bare = Asked()
        self.done = run_role(certbot_role, groups=("balancer",), data=data, bare=bare)
        self.question = next(text for text in bare.asked if "/etc/letsencrypt/slackwater" in text)
        (hook,) = written(type("Done", (), {"stdin": archives(self.done.stdin)})).values()
        self.hook = self.program("slackwater-certificate", self.moved(hook).removeprefix("#!/bin/sh\n"))

    def program(self, name: str, text: str) -> Path:
        path = self.bin / name
        path.write_text(f"#!/bin/sh\n{text}\n")
        path.chmod(0o755)
        return path

    def moved(self, text: str) -> str:
        text = text.replace("/usr/local/sbin/slackwater-certificate", str(self.bin / "slackwater-certificate"))
        return self.site.moved(text).replace("/etc/letsencrypt", f"{self.place}/letsencrypt")

    def run(self, command: str) -> subprocess.CompletedProcess[str]:
        words = ["sh", "-c", self.moved(command)]
        return subprocess.run(words, env=self.environment, capture_output=True, text=True, check=False)

    def fetch(self) -> subprocess.CompletedProcess[str]:
        return self.run(next(command for command in self.done.executed_commands if "certbot certonly" in command))

    def is_answered(self) -> bool:
        """Whether a converge would find nothing to do."""
        tls = self.site.balancer.tls
        assert tls
        said = self.run(self.question.removesuffix(" && echo end")).stdout.strip()
        return said == " ".join([*tls.domains, str(tls.email), str(tls.server)])


DIRECTORIES = (("config", ""), ("work", "/work"), ("logs", "/logs"))


@pytest.fixture
def machine(authority: tuple[Authority, Edge], debian: Path, run_role: Any) -> Machine:
    return Machine(authority[1], debian, authority[0], run_role)


def served(site: Edge) -> list[str]:
    """The names of the certificate that is served."""
    pem = ssl.get_server_certificate(("127.0.0.1", site.balancer.https_port))
    words = ["openssl", "x509", "-noout", "-ext", "subjectAltName"]
    said = subprocess.run(words, input=pem, check=True, capture_output=True, text=True).stdout
    return sorted(re.findall(r"DNS:([^,\s]+)", said))


def until_served(site: Edge, names: list[str]) -> list[str]:
    """A reload takes a moment."""
    end = time.monotonic() + PATIENCE
    while served(site) != names and time.monotonic() < end:
        time.sleep(0.1)
    return served(site)


def test_a_certificate_is_fetched_served_and_renewed(machine: Machine) -> None:
    """Self-signed until it is there; then the authority's, and after a renewal the next one, without a restart."""
    site = machine.site
    before, process = served(site), site.process
    done = machine.fetch()

    assert socket.gethostname() in before
    assert 0 == done.returncode, done.stderr
    assert DOMAINS == until_served(site, DOMAINS)

    bundle = site.place / "etc/nginx/slackwater/tls/certbot.pem"
    first = bundle.read_text()
    renewal = machine.run("certbot renew --force-renewal --no-random-sleep-on-renew")

    assert 0 == renewal.returncode, renewal.stderr
    assert first != bundle.read_text()
    assert 0o600 == bundle.stat().st_mode & 0o777
    assert site.process is process
    assert DOMAINS == until_served(site, DOMAINS)


def test_a_second_converge_asks_nobody(machine: Machine) -> None:
    """What was asked for stands beside the certificate; the authority counts what is asked of it."""
    machine.fetch()
    asked = (machine.place / "letsencrypt/slackwater").read_text()

    assert f"{' '.join(DOMAINS)} {EMAIL} " in asked

    started = time.monotonic()
    done = machine.fetch()

    assert (0, 1) == (done.returncode, len(list((machine.place / "letsencrypt/archive/slackwater").glob("cert*"))))
    assert time.monotonic() - started < PATIENCE


def test_a_certificate_that_was_not_served_at_first_is_served_by_the_next_converge(machine: Machine) -> None:
    """certbot goes on when what it calls has failed; so that it did is seen by the file that nginx has."""
    site = machine.site
    reload = (machine.bin / "systemctl").read_text().removeprefix("#!/bin/sh\n")
    machine.program("systemctl", "exit 1")
    failed = machine.fetch()

    assert 0 != failed.returncode
    assert "the next converge tries it again" in failed.stderr
    assert not machine.is_answered()

    machine.program("systemctl", reload)
    done = machine.fetch()

    assert 0 == done.returncode, done.stderr
    assert DOMAINS == until_served(site, DOMAINS)
    assert machine.is_answered()

    (site.place / "etc/nginx/slackwater/tls/certbot.pem").write_text("another\n")

    assert not machine.is_answered()
    assert 0 == machine.fetch().returncode
    assert machine.is_answered()
    assert 1 == len(list((machine.place / "letsencrypt/archive/slackwater").glob("cert*")))


def test_who_cannot_be_found_is_told_what_to_do(machine: Machine) -> None:
    """The balancer goes on with what it has."""
    before = served(machine.site)
    machine.site.process.terminate()  # type: ignore[union-attr]
    machine.site.process.wait()  # type: ignore[union-attr]
    done = machine.fetch()

    assert 0 != done.returncode
    assert "point shop.localhost and www.shop.localhost to it, let port 80 in, and converge again" in done.stderr
    assert not (machine.place / "letsencrypt/slackwater").exists()
    assert before


def test_a_certificate_that_nginx_refuses_is_not_put_in_place(machine: Machine) -> None:
    """nginx would not start with it after the next reboot."""
    bundle = machine.site.place / "etc/nginx/slackwater/tls/certbot.pem"
    before = bundle.read_text()
    lineage = machine.place / "lineage"
    lineage.mkdir()
    for name in ("fullchain.pem", "privkey.pem"):
        (lineage / name).write_text("nothing\n")
    machine.environment["RENEWED_LINEAGE"] = str(lineage)
    done = machine.run(str(machine.hook))

    assert 0 != done.returncode
    assert before == bundle.read_text()
    assert ["certbot.pem"] == [path.name for path in bundle.parent.glob("certbot*")]
