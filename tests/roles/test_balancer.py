"""The role balancer: members that change without a reload, and the edge, accepted by nginx itself."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from roles.balancer import balancer
from slackwater import App, BackendTls, Balancer, Health, Membership, Secret, Tls
from slackwater.resources import resource
from tests.edge.variants import VARIANTS
from tests.roles.bare import Asked, Bare
from tests.roles.test_nginx import written

CONF = "/etc/nginx/slackwater.d/balancer.conf"
MISSING = {"echo missing": ["missing"]}


def run(run_role: Any, app: App, names: list[str], settings: Balancer | None = None, bare: Bare | None = None) -> Any:
    hosts = [(f"@fake/{name}", {"address": f"10.0.0.{name}", "app": app}) for name in names]
    data = {"balancer": settings} if settings else {}
    return run_role(balancer, groups=("balancer",), data=data, others={"app": hosts}, bare=bare or Bare(lines=MISSING))


def files(done: Any) -> dict[str, str]:
    return written(SimpleNamespace(stdin=[text for text in done.stdin if not text.startswith(("{", "server "))]))


def site(run_role: Any, app: App, settings: Balancer | None = None, **system: str) -> str:
    return files(run(run_role, app, ["1"], settings, Bare(system=system)))[CONF]


def members(done: Any) -> Any:
    (text,) = (text for text in done.stdin if text.startswith("{"))
    return json.loads(text)["members"]


def test_every_app_host_is_a_first_member(run_role: Any, shop: App) -> None:
    """Two hosts or six, in whatever order the inventory lists them: the same text."""
    found = members(run(run_role, shop, ["3", "1", "2"]))

    assert [("10.0.0.1", 8000), ("10.0.0.2", 8000), ("10.0.0.3", 8000)] == [
        (member["address"], member["port"]) for member in found
    ]
    assert found == members(run(run_role, shop, ["1", "2", "3"]))


@pytest.mark.parametrize("changes", ["lua", "reload"])
def test_a_shell_understands_what_is_asked_where_the_inventory_names_no_member(
    run_role: Any, shop: App, changes: str
) -> None:
    """As behind a scaling group: nothing is known yet, and nothing is written."""
    group = Membership.auto_scaling("shop-prod", region="eu-central-1", port=8000)
    bare = Asked()
    done = run(run_role, shop, ["1"], Balancer(changes=changes, membership=[group]), bare)

    assert not [text for text in done.stdin if text.startswith("{")]
    assert bare.asked
    for question in bare.asked:
        assert "" == subprocess.run(["sh", "-n"], input=question, text=True, capture_output=True, check=False).stderr


SHARES = [
    ("@fake/1", {"address": "10.0.0.1"}),
    ("@fake/2", {"address": "10.0.0.2", "weight": 50}),
    ("@fake/3", {"address": "10.0.0.3", "backup": True}),
]


def unequal(run_role: Any, app: App, hosts: list[tuple[str, dict[str, Any]]], changes: str) -> Any:
    told = {"app": [(name, {**data, "app": app}) for name, data in hosts]}
    data = {"balancer": Balancer(changes=changes)}
    return run_role(balancer, groups=("balancer",), data=data, others=told, bare=Bare(lines=MISSING))


def test_first_members_have_their_share(run_role: Any, shop: App) -> None:
    """As the agent will have them."""
    found = members(unequal(run_role, shop, SHARES, "lua"))

    assert [(100, False), (50, False), (100, True)] == [(member["weight"], member["backup"]) for member in found]


@pytest.mark.parametrize(
    ("hosts", "wanted"),
    [
        (SHARES, ["weight=100 OPTIONS", "weight=50 OPTIONS", "weight=100 OPTIONS backup"]),
        (SHARES[2:], ["OPTIONS"]),
        (SHARES[1:2], ["OPTIONS"]),
    ],
    ids=["unequal", "a backup alone", "one alone"],
)
def test_first_servers_have_their_share(
    run_role: Any, shop: App, hosts: list[tuple[str, dict[str, Any]]], wanted: list[str]
) -> None:
    """nginx takes 1 for a weight that is not said, and wants a server that is no backup."""
    done = unequal(run_role, shop, hosts, "reload")
    (text,) = (text for text in done.stdin if text.startswith("server "))
    words = [line.split(" ", 2)[2].rstrip(";") for line in text.splitlines()]

    assert wanted == [word.replace("max_fails=3 fail_timeout=10s", "OPTIONS") for word in words]


def test_members_that_are_there_are_left_alone(run_role: Any, shop: App) -> None:
    """What the balancer has found out itself is newer than the inventory."""
    done = run(run_role, shop, ["1"], bare=Bare())

    assert not any(text.startswith("{") for text in done.stdin)


@pytest.mark.parametrize("changes", ["lua", "reload"])
def test_hosts_that_no_source_names_are_no_first_members(run_role: Any, shop: App, changes: str) -> None:
    """The inventory's hosts serve only where `membership` has the inventory."""
    elsewhere = Balancer(changes=changes, membership=[Membership.dns("app.internal")])
    done = run(run_role, shop, ["1"], elsewhere)

    assert not any("10.0.0.1" in text for text in done.stdin if text.startswith(("{", "server ")))


def test_a_reboot_brings_back_what_lies_in_run(run_role: Any, shop: App) -> None:
    """Else the next converge would change something, and `touch /run/slackwater/maintenance` fail until then."""
    done = run(run_role, shop, ["1"])
    told = files(done)["/etc/tmpfiles.d/slackwater-balancer.conf"]
    made = re.findall(r"^install -d -m (\S+) -o (\S+) -g (\S+) (/run/\S+)$", done.executed_commands[0], re.M)

    assert 2 == len(made)
    assert {f"d {path} 0{mode} {owner} {group} -" for mode, owner, group, path in made} <= set(told.splitlines())


def test_nothing_is_written_before_the_places_are_there(run_role: Any, shop: App) -> None:
    """`nginx -t` makes the API's socket and reads the members: both directories come first."""
    places, seed, configuration = run(run_role, shop, ["1"]).executed_commands

    assert "install -d -m 750 -o root -g slackwater /run/slackwater-balancer\n" in places
    assert "/var/lib/slackwater/balancer/members.json" in seed
    assert 0 < configuration.index("nginx -t") < configuration.index("mv -fT")


def test_a_post_is_never_sent_twice(run_role: Any, shop: App) -> None:
    """Idempotent requests are tried elsewhere, also when the app is dead behind a living nginx."""
    text = site(run_role, shop)

    assert "proxy_next_upstream error timeout http_502 http_503 http_504;" in text
    assert "non_idempotent" not in text


def test_another_lua_or_certificate_is_another_text(run_role: Any, shop: App, tmp_path: Path) -> None:
    """nginx reads both only when it is reloaded, and that is seen by its configuration's time."""
    file = tmp_path / "shop.pem"
    tls = Tls.files(certificate=str(file), key=Secret.environment("SHOP_TLS_KEY"))
    backends = BackendTls(ca=str(file), name="app.internal")
    for settings in (Balancer(tls=tls), Balancer(backend_tls=backends)):
        texts = []
        for day in ("one", "two"):
            file.write_text(f"-----BEGIN CERTIFICATE-----\n{day}\n")
            texts.append(site(run_role, shop, settings))

        assert texts[0] != texts[1]
        assert "# Its Lua is " in texts[0]


def test_maintenance_spares_the_probes(run_role: Any, shop: App) -> None:
    """The app's own and those that every host has; an app whose health is / has none of its own."""
    own = site(run_role, shop.model_copy(update={"health": Health(live="/up", ready="/ready")}))
    root = site(run_role, shop.model_copy(update={"health": Health(live="/", ready="/")}))

    assert all(f'"1:{path}" "";' in own for path in ("/up", "/ready", "/.slackwater/live", "/.slackwater/ready"))
    assert '"1:/" "";' not in root


@pytest.mark.parametrize(
    ("system", "version", "is_directive"),
    [("debian", "12", False), ("ubuntu", "24.04", False), ("debian", "13", True)],
)
def test_http_2_is_said_as_that_nginx_wants_it(
    run_role: Any, shop: App, system: str, version: str, is_directive: bool
) -> None:
    """nginx 1.22 and 1.24 know only the word after `ssl`; 1.26 warns of it."""
    text = site(run_role, shop, Balancer(tls=Tls.self_signed()), system=system, version=version)

    assert is_directive == ("http2 on;" in text)
    assert is_directive != ("listen 443 default_server ssl http2;" in text)


def test_only_certbot_has_an_answer_for_the_authority(run_role: Any, shop: App) -> None:
    """The location is there for nobody else."""
    assert "acme-challenge/ {" not in site(run_role, shop, Balancer(tls=Tls.self_signed()))
    assert "acme-challenge/ {" in site(run_role, shop, Balancer(**VARIANTS["certbot"]))


@pytest.mark.parametrize("name", VARIANTS)
def test_nginx_accepts_it(run_role: Any, shop: App, tmp_path: Path, name: str) -> None:
    """Without a warning, whatever is set."""
    settings = Balancer(**VARIANTS[name])
    for path, text in files(run(run_role, shop, ["1"], settings)).items():
        target = tmp_path / path.lstrip("/")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text.replace("/etc/nginx/slackwater", f"{tmp_path}/etc/nginx/slackwater"))
    done = nginx_test(tmp_path, settings)

    assert "syntax is ok" in done.stderr, done.stderr
    assert "[warn]" not in done.stderr


@pytest.mark.parametrize(("version", "keeps"), [("1.22.1", False), ("1.27.4", True)])
def test_without_the_lua_module_members_stand_in_a_file(
    run_role: Any, shop: App, tmp_path: Path, version: str, keeps: bool
) -> None:
    """One that is there from the start; where nginx can spare idle clients at a reload, it does."""
    bare = Bare(lines=MISSING | {"nginx -v": [f"nginx version: nginx/{version}"]})
    done = run(run_role, shop, ["1", "2"], Balancer(changes="reload"), bare)
    (servers,) = (text for text in done.stdin if text.startswith("server "))
    text = files(done)[CONF]
    folder = tmp_path / "etc/nginx/slackwater"
    folder.mkdir(parents=True)
    (folder / "members.conf").write_text(servers)
    (tmp_path / "etc/nginx/slackwater.d").mkdir()
    known = text.replace("keepalive_min_timeout 5s;", "") if keeps else text
    (tmp_path / CONF.lstrip("/")).write_text(known.replace("/etc/nginx/slackwater", str(folder)))
    tested = nginx_test(tmp_path, Balancer(changes="reload"))

    assert ["10.0.0.1:8000", "10.0.0.2:8000"] == re.findall(
        "^server (\\S+) max_fails=3 fail_timeout=10s;$", servers, re.M
    )
    assert keeps == ("keepalive_min_timeout 5s;" in text)
    assert "lua" not in text
    assert "syntax is ok" in tested.stderr, tested.stderr


@dataclass
class Former:
    """A balancer that nginx's Lua served until now: its paths are below `place`."""

    place: Path
    run_role: Any
    app: App

    def moved(self, text: str) -> str:
        text = text.replace("/usr/local/lib/slackwater", str(resource("agents").parent))
        return text.replace("/etc/nginx", f"{self.place}/etc/nginx").replace("/var/lib", f"{self.place}/var/lib")

    def put(self, path: str, text: str) -> Path:
        target = self.place / path.lstrip("/")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)
        return target

    def converge(self) -> str:
        """What stands in members.conf when the step has asked, and has done what it then does."""
        bare = Asked(lines=MISSING)
        done = run(self.run_role, self.app, ["1"], Balancer(changes="reload"), bare)
        question = next(text for text in bare.asked if SERVERS in text and "echo missing" in text)
        if self.shell(question.removesuffix(" && echo end")):
            number = next(number for number, text in enumerate(done.stdin) if text.startswith("server "))
            self.shell(done.executed_commands[number], done.stdin[number])
        return (self.place / SERVERS.lstrip("/")).read_text()

    def shell(self, command: str, stdin: str = "") -> str:
        words = ["sh", "-c", self.moved(command)]
        return subprocess.run(words, input=stdin, capture_output=True, text=True, check=True).stdout.strip()


SERVERS = "/etc/nginx/slackwater/members.conf"
MEMBERS = "/var/lib/slackwater/balancer/members.json"
KNOWN = '{"generation": 7, "members": [{"name": "new", "address": "10.0.0.9", "port": 8000, "weight": 50}]}'


def test_from_lua_to_reload_nginx_goes_on_with_the_members_that_it_has(
    run_role: Any, shop: App, tmp_path: Path
) -> None:
    """A file of members from a time when nginx read it is as old as that; one that nginx reads now is the agent's."""
    former = Former(tmp_path, run_role, shop)
    former.put(SERVERS, "server 10.0.0.7:8000;\n")
    former.put(CONF, "upstream slackwater_backends { balancer_by_lua_block { } }\n")
    former.put(MEMBERS, KNOWN)

    assert "server 10.0.0.9:8000 weight=50 max_fails=3 fail_timeout=10s;\n" == former.converge()

    former.put(CONF, "upstream slackwater_backends { include /etc/nginx/slackwater/members.conf; }\n")
    former.put(SERVERS, "server 10.0.0.7:8000;\n")

    assert "server 10.0.0.7:8000;\n" == former.converge()


@pytest.mark.parametrize("known", [None, "", "{", '{"generation": 1, "members": []}'])
def test_where_no_members_are_known_the_inventory_names_them(
    run_role: Any, shop: App, tmp_path: Path, known: str | None
) -> None:
    """nginx would not start without a server."""
    former = Former(tmp_path, run_role, shop)
    if known is not None:
        former.put(MEMBERS, known)

    assert "server 10.0.0.1:8000 max_fails=3 fail_timeout=10s;\n" == former.converge()


def nginx_test(folder: Path, settings: Balancer) -> subprocess.CompletedProcess[str]:
    """As on a host, but that nothing of this machine is touched."""
    text = (folder / CONF.lstrip("/")).read_text()
    for path in ("/run/slackwater-balancer", "/var/lib/slackwater"):
        (folder / path.lstrip("/")).mkdir(parents=True)
        text = text.replace(path, f"{folder}{path}")
    (folder / "site.conf").write_text(text)
    (folder / "nginx.conf").write_text(CONFIGURATION.format(folder=folder))
    if settings.tls:
        certify(Path(f"{folder}{settings.tls.path('balancer')}"))
    nginx = shutil.which("nginx", path="/usr/sbin:/usr/bin")
    assert nginx
    words = [nginx, "-t", "-e", f"{folder}/error.log", "-c", f"{folder}/nginx.conf"]
    return subprocess.run(words, capture_output=True, text=True, check=False)


def certify(path: Path) -> None:
    path.parent.mkdir()
    words = "openssl req -x509 -newkey rsa:2048 -nodes -days 9 -subj /CN=x -keyout key -out chain"
    subprocess.run(words.split(), cwd=path.parent, check=True, capture_output=True)
    path.write_text("".join((path.parent / name).read_text() for name in ("chain", "key")))


CONFIGURATION = """
include /etc/nginx/modules-enabled/*.conf;
pid {folder}/pid;
error_log {folder}/error.log;
events {{}}
http {{
    access_log off;
    map $http_x_request_id $slackwater_request_id {{ default $request_id; }}
    map $http_upgrade $slackwater_connection {{ default upgrade; }}
    include {folder}/site.conf;
}}
"""
