"""What the other ways need on the hosts: gunicorn's settings, a unit for any port, and sites of nginx like ours."""

from __future__ import annotations

import json
import re

from benchmarks.bench import SLOTS, Bench
from benchmarks.proxies import UPSTREAM, static_site
from benchmarks.shop import HOME, HOST, LEDGER
from benchmarks.ways import BACKEND, PORTS, to

SITES = "/etc/nginx/slackwater.d"
SERVICE = f"""\
[Unit]
Description=The shop on port %i, as others run it
StartLimitIntervalSec=0

[Service]
Type=notify
NotifyAccess=main
User=sw-shop
Group=sw-shop
Environment=LEDGER={LEDGER} PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 HOME=/var/lib/slackwater/shop
ExecStart=@venv@/bin/python -m gunicorn --config {HOME}/settings/gunicorn.conf.py --no-control-socket \
--chdir {HOME}/%i --bind 127.0.0.1:%i shop.main:app
ExecReload=/bin/kill -s HUP $MAINPID
Restart=always
RestartSec=250ms
KillMode=mixed
TimeoutStopSec=45
"""
SOCKET = """\
[Socket]
ListenStream=127.0.0.1:%i
Backlog=2048
TriggerLimitIntervalSec=0
"""


def install(bench: Bench) -> None:
    """Once, on a converged fleet of one app host and one balancer. Their own sites stay as they are."""
    bench.ssh(HOST, "apt-get -q update && apt-get -q -y install curl")
    slot = f"/etc/slackwater/shop/{json.loads(bench.ssh(HOST, SLOTS))['slot']}"
    settings = f"mkdir -p {HOME}/releases && cp -a {slot} {HOME}/settings"
    bench.ssh(HOST, f"{settings} && sed -i 's#{slot}#{HOME}/settings#g' {HOME}/settings/gunicorn.conf.py")
    venv = bench.ssh(HOST, "readlink -f /srv/slackwater/shop/current/venv")
    for kind, text in (("service", SERVICE.replace("@venv@", venv)), ("socket", SOCKET)):
        bench.ssh(HOST, f"cat > /etc/systemd/system/bench@.{kind}", text)
    bench.ssh(HOST, f"systemctl daemon-reload; {to(PORTS[0])}")
    backend = {r"server unix:\S+ max_fails=0;": f"include {BACKEND};"}
    _site(bench, HOST, "app.conf", {**backend, "listen 8000 ": "listen 9100 "})
    _balancer(bench)


def _site(bench: Bench, host: str, name: str, changes: dict[str, str]) -> None:
    """The host's own site once more, on another port: same proxy settings, same pool, same headers, other backend."""
    text = without_maps(bench.ssh(host, f"cat {SITES}/{name}"))
    for before, after in {"slackwater_shop": "bench_shop", **changes}.items():
        text, count = re.subn(before, after, text)
        assert count, f"{name} has no {before}"
    _take(bench, host, text)


def _balancer(bench: Bench) -> None:
    """The same of the balancer, with the upstream that nginx has itself and one server in it."""
    site = without_maps(static_site(bench.ssh("balancer-1", f"cat {SITES}/balancer.conf")))
    server = f"    server {bench.lab.host(HOST).address}:9100 max_fails=3 fail_timeout=10s;"
    _take(bench, "balancer-1", UPSTREAM.format(servers=server) + site)


def _take(bench: Bench, host: str, text: str) -> None:
    bench.ssh(host, f"cat > {SITES}/bench.conf && nginx -t -q && systemctl reload nginx", text)


def without_maps(site: str) -> str:
    """The variables are there already, from the site that is copied."""
    return re.sub(r"(?ms)^map [^{]*\{.*?\}\n", "", site)
