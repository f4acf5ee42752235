"""The balancer: nginx, whose members change without a reload, and what clients meet before it."""

from pathlib import Path

from pyinfra import host
from pyinfra.api import deploy

from slackwater.engine import (
    NGINX_TEST,
    Directory,
    File,
    Item,
    Machine,
    NginxVersion,
    System,
    addresses,
    ask,
    data_of,
    names,
    render,
    tree,
    until,
)
from slackwater.resources import resource
from slackwater.settings import App, Backend, Balancer, backends, members_json, resolve

SITES = "/etc/nginx/slackwater.d"
OWN = "/etc/nginx/slackwater"
WEBROOT = "/var/lib/slackwater/acme"
LUA = f"{OWN}/lua/slackwater"
MEMBERS = "/var/lib/slackwater/balancer/members.json"
SERVERS = f"{OWN}/members.conf"
MIN_TIMEOUT_SINCE = (1, 27, 4)
"""nginx's version from which a reload can leave idle clients alone for a moment."""
PROBES = {"/.slackwater/live", "/.slackwater/ready"}

MAINTENANCE_RETRY = 120
"""Seconds after which a client may come again; nobody knows how long maintenance takes, and crawlers wait for it."""

CIPHERS = ":".join(
    f"ECDHE-{key}-{cipher}"
    for cipher in ("AES128-GCM-SHA256", "AES256-GCM-SHA384", "CHACHA20-POLY1305")
    for key in ("ECDSA", "RSA")
)
"""Of TLS 1.2; those of 1.3 are all good."""


@deploy("balancer")
def balancer() -> None:
    """Every path goes to the app hosts. Runs before the role nginx, which reloads once for all files."""
    machine = ask(System)
    if machine is None:
        return
    told = resolve(host.data).balancer
    hosts = [resolve(data) for data in data_of("app")]
    apps = [each.require_app() for each in hosts]
    tree(name="places", items=_places(told))
    places = backends(names("app"), addresses("app"), hosts)
    named = places if any(source.kind == "inventory" for source in told.membership) else []
    _first_members(named)
    if told.changes == "reload":
        _first_servers(told, named)
    lua = _lua() if told.changes == "lua" else []
    authorities = _authorities(told)
    site = File(f"{SITES}/balancer.conf", _site(told, apps, machine, lua, authorities))
    folders = [Directory(path) for path in (OWN, f"{OWN}/lua", LUA, SITES)]
    items: list[Item] = [*folders, *lua, _maintenance_page(told), *authorities, site]
    tree(name="configuration", items=items, check=NGINX_TEST)


def _places(told: Balancer) -> list[Item]:
    items: list[Item] = [
        File("/etc/tmpfiles.d/slackwater-balancer.conf", render("balancer/tmpfiles.conf.j2")),
        Directory("/run/slackwater"),
        Directory("/run/slackwater-balancer", "750", "root", "slackwater"),
        Directory("/var/lib/slackwater"),
        Directory("/var/lib/slackwater/balancer", "755", "slackwater", "slackwater"),
    ]
    if told.tls and told.tls.kind == "certbot":
        items.append(Directory(WEBROOT))
    return items


def _first_members(places: list[Backend]) -> None:
    """Only where there are none: what the balancer's own agent has found out since is newer than the inventory."""
    members = members_json(places)
    until(
        name="first members",
        question=f"[ -s {MEMBERS} ] || echo missing" if members else ":",
        answer="",
        command=f"# write {MEMBERS}\nset -eu\n"
        f"install -o slackwater -g slackwater -m 644 /dev/stdin {MEMBERS}.new\nsync {MEMBERS}.new\n"
        f"mv -fT {MEMBERS}.new {MEMBERS}",
        stdin=members,
    )


def _first_servers(told: Balancer, places: list[Backend]) -> None:
    """The same for a nginx whose members stand in its configuration; a list that it does not read is an old one."""
    options = f"max_fails={told.max_fails} fail_timeout={told.fail_timeout}s"
    until(
        name="first servers",
        question=f"grep -qs members.conf {SITES}/balancer.conf && [ -s {SERVERS} ] || echo missing",
        answer="",
        command=render("balancer/servers.j2", own=OWN, servers=SERVERS, members=MEMBERS, options=options),
        # Without a server nginx would not start.
        stdin="".join(_servers(places, options)) or "server 127.0.0.1:1 down;\n",
    )


def _servers(places: list[Backend], options: str) -> list[str]:
    """nginx wants one that is no backup, and takes 1 for a weight that is not said."""
    weighted = len({one.weight for one in places}) > 1
    some = any(not one.backup for one in places)
    return [f"server {_host(one.address)}:{one.port}{_share(one, weighted, some, options)};\n" for one in places]


def _share(one: Backend, weighted: bool, some: bool, options: str) -> str:
    return f" weight={one.weight}" * weighted + f" {options}" + " backup" * (one.backup and some)


def _keeps_idle_clients() -> bool:
    return (ask(NginxVersion) or ()) >= MIN_TIMEOUT_SINCE


def _lua() -> list[File]:
    folder = resource("templates/balancer/lua/slackwater")
    return [File(f"{LUA}/{file.name}", file.read_text()) for file in sorted(folder.glob("*.lua"))]


def _maintenance_page(told: Balancer) -> File:
    own = told.maintenance_page
    page = Path(own).read_text(encoding="utf-8") if own else render("balancer/maintenance.html.j2")
    return File(f"{OWN}/maintenance.html", page)


def _authorities(told: Balancer) -> list[File]:
    """Who must have signed the app hosts' certificates."""
    path = told.backend_tls.ca if told.backend_tls else None
    return [File(f"{OWN}/backends-ca.pem", Path(path).read_text(encoding="ascii"))] if path else []


def _version(files: list[File]) -> str:
    """Changes with what nginx reads beside its configuration, so that what names it in its text is read again."""
    return File("", "".join(file.content for file in files)).sha256[:16]


def _site(told: Balancer, apps: list[App], machine: Machine, lua: list[File], authorities: list[File]) -> str:
    paths = {path for app in apps for path in (app.health.live, app.health.ready)}
    acme = told.tls is not None and told.tls.kind == "certbot"
    return render(
        "balancer/balancer.conf.j2",
        balancer=told,
        lua_version=_version(lua),
        ca_version=_version(authorities),
        probes=sorted((PROBES | paths) - {"/"}),
        acme=acme,
        acme_peers=_peers(told) if acme else [],
        tls_ends_before=bool(told.trusted_proxies) and not told.proxy_protocol,
        keepalive_min_timeout=told.changes == "reload" and _keeps_idle_clients(),
        # From 1.25.1 on the old form is a warning; before, the new one is an error.
        http2_directive=(machine.system, machine.version) == ("debian", "13"),
        ciphers=CIPHERS,
        maintenance_retry=MAINTENANCE_RETRY,
    )


def _peers(told: Balancer) -> list[str]:
    """All balancers: this one tells itself 404, and the next is asked. None where they want the PROXY protocol."""
    found = addresses("balancer")
    return [f"{_host(address)}:{told.port}" for address in found] if len(found) > 1 and not told.proxy_protocol else []


def _host(address: str) -> str:
    return f"[{address}]" if ":" in address else address
