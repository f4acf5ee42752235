"""What a crash of the app costs, with a socket that systemd holds and with one that goes with the app."""

from __future__ import annotations

import time
from itertools import product

from benchmarks import gunicorn
from benchmarks.bench import Bench
from slackwater.lab import load


def measure(bench: Bench) -> None:
    """Against a fleet of two through the balancer, and against one VM alone, where nobody can answer instead."""
    bench.demo_fleet()
    urls = {"2 hosts": bench.url("balancer-1", 80), "1 host": bench.url("app-1", 8000)}
    gunicorn.start(bench, "bench-refused", "--bind unix:/run/slackwater/shop/refused.sock -m 0")
    held = bench.ssh("app-1", "readlink /run/slackwater/shop/current.sock")
    for how, socket, unit in (
        ("held by systemd", held, "'slackwater-shop@*.service'"),
        ("gone with the app", "refused.sock", "bench-refused.service"),
    ):
        bench.ssh("app-1", f"ln -sfn {socket} /run/slackwater/shop/current.sock")
        time.sleep(3)  # nginx drops its pooled connections to the other socket
        for (hosts, url), _ in product(urls.items(), range(bench.rounds)):
            bench.show(f"crash, {hosts}, socket {how}", _crash(bench, url, unit))
    bench.ssh("app-1", f"ln -sfn {held} /run/slackwater/shop/current.sock; systemctl stop bench-refused")


def _crash(bench: Bench, url: str, unit: str) -> dict[str, object]:
    """300 requests/s, half of them POST; after a third of the time every process of one host's app is killed."""
    bench.ssh("app-1", f"(sleep 4; systemctl kill --signal=KILL {unit}) >/dev/null 2>&1 &")
    result = load.run(load.Load(url, rate=300, seconds=12)).summary()
    time.sleep(12)  # nginx must have forgotten the failures before the next run
    return result
