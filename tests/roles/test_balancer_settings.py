"""Each field of the balancer's settings comes to the program that it is for."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from roles.balancer import balancer
from roles.keepalived import keepalived
from roles.upstreams import upstreams
from slackwater import App, BackendTls, Balancer, Checks, Cors, Hsts, Membership, RateLimit, Tls
from tests.roles.bare import Bare
from tests.roles.test_balancer import files

LINKS = [
    {"ifname": "lo", "addr_info": [{"local": "127.0.0.1"}]},
    {"ifname": "ens5", "addr_info": [{"local": "10.0.0.2"}]},
]
SELF_SIGNED = {"tls": Tls.self_signed()}
PROXIES = {"trusted_proxies": ["10.1.0.0/16"]}
OWN_PAGE = "<title>Closed for the inventory</title>"


@dataclass(frozen=True)
class Odd:
    """A value that nobody has by default; the lines that are written for it, and those that no longer are."""

    value: Any
    lines: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()
    beside: dict[str, Any] = field(default_factory=dict)


def odd(value: Any, *lines: str, gone: tuple[str, ...] = (), **beside: Any) -> Odd:
    """`beside` is what the field makes sense with."""
    return Odd(value, lines, gone, beside)


FIELDS = {
    "port": odd(8080, "listen 8080 default_server;", "listen [::]:8080 default_server;"),
    "ipv6": odd(False, gone=("listen [::]:80 default_server;",)),
    "tls": odd(SELF_SIGNED["tls"], "ssl_certificate /etc/nginx/slackwater/tls/self-signed.pem;"),
    "https_port": odd(8443, "listen 8443 default_server ssl http2;", **SELF_SIGNED),
    "redirect": odd(True, "return 308 https://$host$request_uri;", **SELF_SIGNED),
    "hsts": odd(Hsts(max_age=7), '"https:" "max-age=604800";', **SELF_SIGNED),
    "rate_limit": odd(
        RateLimit(per_minute=7, burst=9),
        "limit_req_zone $slackwater_edge_client zone=slackwater_edge_rate:10m rate=7r/m;",
        "limit_req zone=slackwater_edge_rate burst=9 nodelay;",
    ),
    "block_patterns": odd(True, "if ($slackwater_edge_blocked) {"),
    "cors": odd(
        Cors(origins=["https://a.example"], methods=["PUT"], headers=["X-Odd"], max_age=7, credentials=True),
        '"https://a.example" "https://a.example";',
        'ours "PUT";',
        'ours "X-Odd";',
        "ours 7;",
        "add_header Access-Control-Allow-Credentials $slackwater_edge_cors_credentials always;",
    ),
    "security_headers": odd(True, "add_header X-Frame-Options $slackwater_edge_frame_options always;"),
    "trusted_proxies": odd(["10.1.0.0/16"], "set_real_ip_from 10.1.0.0/16;", "10.1.0.0/16 1;"),
    "proxy_protocol": odd(
        True,
        "listen 80 default_server proxy_protocol;",
        "real_ip_header proxy_protocol;",
        gone=("real_ip_header X-Forwarded-For;",),
        **PROXIES,
    ),
    "maintenance": odd(True, gone=('set $slackwater_edge_flag "";',)),
    "maintenance_page": odd("closed.html", OWN_PAGE),
    "body_limit": odd(3, "client_max_body_size 3m;"),
    "header_limit": odd(5, "large_client_header_buffers 4 5k;"),
    "client_header_timeout": odd(16, "client_header_timeout 16s;"),
    "client_body_timeout": odd(31, "client_body_timeout 31s;"),
    "client_send_timeout": odd(63, "send_timeout 63s;"),
    "client_keepalive": odd(74, "keepalive_timeout 74s;"),
    "max_fails": odd(5, "max_fails = 5,"),
    "fail_timeout": odd(7, "fail_timeout = 7,"),
    "keepalive": odd(33, "keepalive 33;"),
    "connect_timeout": odd(2, "proxy_connect_timeout 2s;"),
    "read_timeout": odd(61, "proxy_read_timeout 61s;"),
    "send_timeout": odd(62, "proxy_send_timeout 62s;"),
    "tries": odd(4, "proxy_next_upstream_tries 4;", "tries = 4,"),
    "tries_timeout": odd(76, "proxy_next_upstream_timeout 76s;"),
    "retry_on": odd(["error", "http_500"], "proxy_next_upstream error http_500;"),
    "membership": odd([Membership.dns("odd.internal", port=8123)], '"name": "odd.internal"', '"port": 8123,'),
    "changes": odd("reload", "include /etc/nginx/slackwater/members.conf;", '"writer": "reload"'),
    "checks": odd(Checks(rise=6, fall=7), '"rise": 6,', '"fall": 7,'),
    "floor": odd(51, '"floor": 51,'),
    "slow_start": odd(31, '"slow_start": 31,'),
    "address": odd("10.0.0.9", "10.0.0.9/32 dev ens5"),
    "method": odd("round_robin", 'method = "round_robin",'),
    "backend_tls": odd(
        BackendTls(name="odd.internal"),
        "proxy_pass https://slackwater_backends;",
        "proxy_ssl_name odd.internal;",
        '"tls": true',
    ),
}


def lines(run_role: Any, app: App, **settings: Any) -> set[str]:
    """All that the roles of a balancer write."""
    data = {"address": "10.0.0.2", "balancer": Balancer(**settings)}
    others = {
        "app": [("@fake/app", {"address": "10.0.0.1", "app": app})],
        "balancer": [("@fake/other", {"address": "10.0.0.3"})],
    }
    found: set[str] = set()
    for role in (balancer, upstreams, keepalived):
        bare = Bare(lines={"ip -j address": [json.dumps(LINKS)]})
        done = run_role(role, groups=("balancer",), data=data, others=others, bare=bare)
        found |= {line.strip() for text in files(done).values() for line in text.splitlines()}
    return found


def test_no_field_is_forgotten() -> None:
    """A new one has its odd value here, and comes to its place."""
    assert FIELDS.keys() == Balancer.model_fields.keys()


@pytest.mark.parametrize("name", FIELDS)
def test_it_arrives(run_role: Any, shop: App, tmp_path: Path, name: str) -> None:
    """What is written for the odd value is not there without it."""
    told = FIELDS[name]
    value = told.value
    if name == "maintenance_page":
        value = str(tmp_path / told.value)
        Path(value).write_text(OWN_PAGE)
    usual = lines(run_role, shop, **told.beside)
    found = lines(run_role, shop, **{name: value}, **told.beside)

    assert set() == set(told.lines) - (found - usual)
    assert set() == set(told.gone) - (usual - found)


@pytest.mark.parametrize("changes", ["lua", "reload"])
def test_connections_to_the_hosts_are_kept_alike(run_role: Any, shop: App, changes: str) -> None:
    """However the members change: renewed in time, and closed by the balancer before the host does it."""
    done = run_role(
        balancer,
        groups=("balancer",),
        data={"balancer": Balancer(changes=changes, keepalive=33)},
        others={"app": [("@fake/app", {"address": "10.0.0.1", "app": shop})]},
    )
    text = files(done)["/etc/nginx/slackwater.d/balancer.conf"]
    (upstream,) = re.findall(r"^upstream slackwater_backends \{$(.*?)^\}$", text, re.M | re.DOTALL)
    kept = [line.strip() for line in upstream.splitlines() if line.strip().startswith("keepalive")]

    assert ["keepalive 33;", "keepalive_requests 100000;", "keepalive_time 10m;", "keepalive_timeout 60s;"] == kept
