"""Our balancer beside nginx's static upstream and HAProxy: requests/s, processor time, detection; its agent's cost."""

from __future__ import annotations

import json
from statistics import median

from benchmarks import proxies
from benchmarks.bench import Bench
from benchmarks.proxies import ADDRESSES, CHECKED, HOST, PLAIN, run

SECONDS, CONNECTIONS = 8, 32
SIZES = (10, 100, 1000)
AGENT_SECONDS = 30
"""Three rounds of `ready`, thirty of `live`."""
WAYS = {
    "slackwater (Lua)": ("nginx.service", "http://127.0.0.1:80/"),
    "nginx, static upstream": ("bench-static@1.service", "http://127.0.0.1:9100/"),
    "HAProxy": ("haproxy.service", "http://127.0.0.1:9300/"),
}
"""Each with its unit; backends, client and both other balancers stand on the same host."""
CHECKERS = {"slackwater": "http://127.0.0.1:80/", "haproxy": "http://127.0.0.1:9301/"}


def measure(bench: Bench) -> None:
    bench.demo_fleet()
    checks = json.loads(bench.ssh(HOST, "cat /etc/slackwater/upstreams.json"))["checks"]
    proxies.install(bench, checks)
    _throughput(bench)
    _changes(bench)
    _agent(bench)
    bench.down()  # its balancer has other members now


def _throughput(bench: Bench) -> None:
    """Without checks, so that nobody else works; each round begins with another one."""
    bench.ssh(HOST, "systemctl stop slackwater-upstreams.service")
    run(bench, "members", "api", str(PLAIN), *ADDRESSES)
    rows: dict[str, list[dict[str, float]]] = {way: [] for way in WAYS}
    for number in range(bench.rounds):
        for way in _rotated(list(WAYS), number):
            unit, url = WAYS[way]
            rows[way].append(json.loads(run(bench, "rate", unit, url, str(SECONDS), str(CONNECTIONS))))
    for way, found in rows.items():
        bench.show(f"requests/s, {way}, median", median(row["per_second"] for row in found))
        bench.show(f"processor time per request, {way}, median us", median(row["cpu_us"] for row in found))
    first = next(iter(WAYS))
    for way in list(WAYS)[1:]:
        pairs = list(zip(rows[first], rows[way], strict=True))
        rate, cpu = (median(a[what] / b[what] for a, b in pairs) for what in ("per_second", "cpu_us"))
        bench.show(f"ratio {first} / {way}", {"per_second": round(rate, 2), "cpu": round(cpu, 2)})


def _rotated(names: list[str], by: int) -> list[str]:
    return [*names[by % len(names) :], *names[: by % len(names)]]


def _changes(bench: Bench) -> None:
    """The same backends, the same intervals; one after the other, for both watch the same gate."""
    bench.ssh(HOST, "systemctl start slackwater-upstreams.service")
    run(bench, "members", "agent", str(CHECKED), *ADDRESSES)
    for _ in range(bench.rounds):
        for kind, url in CHECKERS.items():
            bench.show(
                f"a backend drains, comes back, dies, comes back: {kind}", json.loads(run(bench, "change", kind, url))
            )


def _agent(bench: Bench) -> None:
    for count in SIZES:
        row = json.loads(run(bench, "agent", str(count), str(AGENT_SECONDS)))
        bench.show(f"the agent with {count} backends", row)
