"""What stands beside the balancer on its own host: backends on loopback, nginx's static upstream, and HAProxy."""

from __future__ import annotations

import re
from pathlib import Path

from benchmarks.bench import Bench

HOST = "balancer-1"
HOME = "/srv/bench"
ADDRESSES = ("127.0.1.1", "127.0.1.2", "127.0.1.3")
PLAIN, CHECKED, MANY = 9001, 9002, 9003
"""Ports of every backend: without a log, with one and a gate, and of a thousand addresses at once."""
UNIT = """\
[Unit]
StartLimitIntervalSec=0

[Service]
ExecStart=/usr/sbin/nginx -c {home}/%p-%i.conf -g 'daemon off;'
LimitNOFILE=65536
"""
BACKEND = """\
user www-data;
worker_processes 1;
pid /run/bench-{number}.pid;
error_log /dev/null;
events {{ worker_connections 8192; }}
http {{
    access_log off;
    keepalive_requests 100000000;
    log_format moment '$msec';
    server {{
        listen {address}:{plain};
        location / {{ return 200 "ok\\n"; }}
    }}
    server {{
        listen {address}:{checked};
        location / {{ access_log {home}/{number}.log moment; return 200 "ok\\n"; }}
        location /.slackwater/ {{
            if (-f {home}/{number}.draining) {{ return 503 "draining\\n"; }}
            return 200 "ok\\n";
        }}
    }}
    {more}
}}
"""
ALL_OF_LOOPBACK = f"server {{ listen {MANY} backlog=4096; location / {{ return 200 'ok'; }} }}"
UPSTREAM = """\
upstream bench_backends {{
    zone bench_backends 256k;
    least_conn;
{servers}
    keepalive 32;
    keepalive_requests 100000;
    keepalive_timeout 60s;
}}
"""
HAPROXY = """\
global
    user haproxy
    group haproxy
    maxconn 4096
    stats socket /run/haproxy/admin.sock mode 600 level admin

defaults
    mode http
    balance leastconn
    http-reuse always
    option forwardfor
    option redispatch
    retries 2
    retry-on conn-failure empty-response response-timeout 502 503 504
    timeout connect 1s
    timeout client 60s
    timeout server 60s
    timeout check {timeout}s

frontend plain
    bind :9300
    default_backend plain

frontend checked
    bind :9301
    default_backend checked

backend plain
{plain}

backend checked
    option httpchk GET {live}
    http-check expect status 200-299
    default-server check inter {interval}s rise {rise} fall {fall}
{checked}
"""


def install(bench: Bench, checks: dict[str, object]) -> None:
    """On a converged balancer; `checks` are the agent's own, which HAProxy gets too. Nobody writes an access log."""
    bench.ssh(HOST, "apt-get -q update && apt-get -q -y install haproxy wrk")
    _programs(bench)
    for number, address in enumerate(ADDRESSES, 1):
        _write(bench, f"{HOME}/bench-backend-{number}.conf", _backend(number, address))
    _write(bench, f"{HOME}/bench-static-1.conf", _static(bench))
    for unit in ("bench-backend", "bench-static"):
        _write(bench, f"/etc/systemd/system/{unit}@.service", UNIT.format(home=HOME))
    _write(bench, "/etc/haproxy/haproxy.cfg", _haproxy(checks))
    _write(bench, "/etc/nginx/slackwater.d/bench.conf", "access_log off;\n")
    units = " ".join(f"bench-backend@{number}" for number in range(1, len(ADDRESSES) + 1))
    bench.ssh(HOST, f"systemctl daemon-reload; systemctl restart {units} bench-static@1 haproxy")
    bench.ssh(HOST, "nginx -t -q && systemctl reload nginx")


def run(bench: Bench, *words: str) -> str:
    """One of the programs in on_host, by the host's own Python."""
    program, *rest = words
    return bench.ssh(HOST, f"python3 {HOME}/on_host/{program}.py {' '.join(rest)}")


def _write(bench: Bench, path: str, text: str) -> None:
    bench.ssh(HOST, f"cat > {path}", text)


def _programs(bench: Bench) -> None:
    bench.ssh(HOST, f"mkdir -p {HOME}/on_host")
    for program in (Path(__file__).parent / "on_host").glob("*.py"):
        _write(bench, f"{HOME}/on_host/{program.name}", program.read_text())


def _backend(number: int, address: str) -> str:
    more = ALL_OF_LOOPBACK if number == 1 else ""
    return BACKEND.format(number=number, address=address, plain=PLAIN, checked=CHECKED, home=HOME, more=more)


def _haproxy(checks: dict[str, object]) -> str:
    plain, checked = (
        "\n".join(f"    server {address} {address}:{port}" for address in ADDRESSES) for port in (PLAIN, CHECKED)
    )
    return HAPROXY.format(plain=plain, checked=checked, **checks)


def _static(bench: Bench) -> str:
    """The balancer's own configuration, word for word, without its Lua and with the upstream that nginx has itself."""
    common = bench.ssh(HOST, "cat /etc/nginx/nginx.conf")
    site = static_site(bench.ssh(HOST, "cat /etc/nginx/slackwater.d/balancer.conf"))
    servers = "\n".join(f"    server {address}:{PLAIN} max_fails=3 fail_timeout=10s;" for address in ADDRESSES)
    changes = {
        "include /etc/nginx/slackwater.d/*.conf;": f"access_log off;\n{UPSTREAM.format(servers=servers)}{site}",
        "include /etc/nginx/modules-enabled/*.conf;": "",
        "pid /run/nginx.pid;": "pid /run/bench-static.pid;",
        "127.0.0.1:8081": "127.0.0.1:8091",
    }
    for before, after in changes.items():
        assert before in common, f"nginx.conf has no {before}"
        common = common.replace(before, after)
    return common


def static_site(text: str) -> str:
    """Of the balancer's site what has no Lua in it: its maps, and the server that passes requests on."""
    kept = [block for block in blocks(text) if "lua" not in block.split("{")[0] and not _goes(block)]
    site = "\n".join(kept).replace("slackwater_backends", "bench_backends")
    site, count = re.subn(r"listen (\[::\]:)?80 ", r"listen \g<1>9100 ", site)
    assert count, "the balancer's site does not listen on port 80"
    return re.sub(r"(?m)^ *listen [^;]* ssl[^;]*;\n", "", site)  # that port is the balancer's own


def _goes(block: str) -> bool:
    """Lua's own upstream and servers."""
    is_server, is_upstream = block.startswith("server"), block.startswith("upstream")
    return is_upstream or (is_server and "proxy_pass http://slackwater_backends" not in block)


def blocks(text: str) -> list[str]:
    """What stands at the beginning of a line, up to its end: a directive, or a block with all that is in it."""
    return re.findall(r"(?ms)^(?![#\s}])[^\n{;]*(?:;|\{[^\n]*\}$|\{.*?^\})", text)
