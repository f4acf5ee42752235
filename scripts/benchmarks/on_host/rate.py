"""rate.py UNIT URL SECONDS CONNECTIONS: requests a second, and the unit's processor time for each of them."""

from __future__ import annotations

import json
import re
import subprocess
import sys

from common import cpu_seconds


def main(unit: str, url: str, seconds: str, connections: str) -> None:
    before = cpu_seconds(unit)
    words = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency", url]
    said = subprocess.run(words, capture_output=True, text=True, check=True).stdout
    spent = cpu_seconds(unit) - before
    if "Non-2xx" in said or "Socket errors" in said:
        raise SystemExit(f"{url} did not answer every request:\n{said}")
    requests = int(number(r"(\d+) requests in", said))
    per_second = number(r"Requests/sec: +([\d.]+)", said)
    print(json.dumps({"per_second": round(per_second), "cpu_us": round(spent / requests * 1e6, 1)}))


def number(pattern: str, text: str) -> float:
    found = re.search(pattern, text)
    if not found:
        raise SystemExit(f"wrk said something else:\n{text}")
    return float(found[1])


main(*sys.argv[1:])
