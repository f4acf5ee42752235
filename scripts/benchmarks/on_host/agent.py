"""agent.py COUNT SECONDS: memory and processor time of the agent with so many backends, all of them well."""

from __future__ import annotations

import json
import sys
import time

from common import cpu_seconds, place, resident_mb, serving_slackwater, tell_agent, wait_until

UNIT = "slackwater-upstreams.service"
PORT = 9003
SETTLE = 15.0
"""Seconds after the last has come in: a first answer of every `ready`, and what was made for joining is freed."""


def main(count: int, seconds: float) -> None:
    addresses = [f"127.2.{number // 250}.{number % 250 + 1}" for number in range(count)]
    began = time.time()
    tell_agent([place(f"b{number}", address, PORT) for number, address in enumerate(addresses)])
    joined = wait_until(lambda: set(addresses) == serving_slackwater(), f"{count} members serve") - began
    time.sleep(SETTLE)
    before, nginx = cpu_seconds(UNIT), cpu_seconds("nginx.service")
    time.sleep(seconds)
    spent, spent_nginx = cpu_seconds(UNIT) - before, cpu_seconds("nginx.service") - nginx
    row = {
        "all_serve_after_s": round(joined, 1),
        "rss_mb": round(resident_mb(UNIT), 1),
        "cpu_percent_of_a_core": round(100 * spent / seconds, 2),
        "nginx_cpu_percent": round(100 * spent_nginx / seconds, 2),
        "nginx_rss_mb": round(resident_mb("nginx.service"), 1),
    }
    print(json.dumps(row))


main(int(sys.argv[1]), float(sys.argv[2]))
