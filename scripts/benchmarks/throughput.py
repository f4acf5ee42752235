"""Requests a second of gunicorn alone, and of the whole chain from the balancer on."""

from __future__ import annotations

import time
from statistics import median

from benchmarks import gunicorn
from benchmarks.bench import Bench

WRK_SECONDS = 5


def measure(bench: Bench) -> None:
    """gunicorn alone listens on TCP of app-1 for a moment; the load comes from the balancer host both times."""
    bench.demo_fleet()
    bench.ssh("balancer-1", "apt-get -q update && apt-get -q -y install wrk")
    gunicorn.start(bench, "bench-alone", "--bind 0.0.0.0:9000")
    time.sleep(3)
    urls = bench.url("app-1", 9000), "http://127.0.0.1/"
    pairs = [[_requests_per_second(bench, url) for url in urls] for _ in range(bench.rounds)]
    bench.ssh("app-1", "systemctl stop bench-alone")
    bench.show("requests/s, gunicorn alone on one host, median", round(median(one for one, _ in pairs)))
    bench.show(
        "requests/s, balancer -> nginx -> gunicorn on two hosts, median", round(median(both for _, both in pairs))
    )
    bench.show("ratio chain / alone, median of pairs", round(median(both / one for one, both in pairs), 2))


def _requests_per_second(bench: Bench, url: str) -> float:
    output = bench.ssh("balancer-1", f"wrk -t1 -c32 -d{WRK_SECONDS}s {url}")
    return float(next(line.split()[1] for line in output.splitlines() if line.startswith("Requests/sec")))
