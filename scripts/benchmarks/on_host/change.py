"""change.py slackwater|haproxy URL: a backend drains, comes back, dies and comes back, under 200 requests/s.

Seconds from each event: to the last request that a draining backend got, to the balancer's own word that a dead one
is out, to the first request of one that is back. The backend writes down the time of every request.
"""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import threading
import time
from contextlib import suppress
from http.client import HTTPConnection, HTTPException
from pathlib import Path

from common import LIMIT, PAUSE, not_ejected, serving_haproxy, serving_slackwater, wait_until

CLIENTS, EVERY = 6, 0.03
"""Together 200 requests a second."""
ADDRESS, PORT = "127.0.1.1", 9002
LOG, FLAG, UNIT = Path("/srv/bench/1.log"), Path("/srv/bench/1.draining"), "bench-backend@1"
CALM = 12.0
"""Seconds between two events: a failure counts for ten, a row of checks takes three."""
PATIENCE = 10.0
"""Seconds that a backend must have been left alone to count as out: three times what three checks take."""
SERVING = {"slackwater": serving_slackwater, "haproxy": serving_haproxy}


class Traffic:
    """Kept connections, one request after the other; `failed` is what a client saw go wrong."""

    def __init__(self, url: str) -> None:
        self.where = url.removeprefix("http://").strip("/")
        self.failed, self.ended = 0, False
        self.clients = [threading.Thread(target=self._client, daemon=True) for _ in range(CLIENTS)]
        for client in self.clients:
            client.start()

    def _client(self) -> None:
        connection = HTTPConnection(self.where, timeout=5)
        while not self.ended:
            try:
                connection.request("GET", "/")
                answer = connection.getresponse()
                answer.read()
                self.failed += answer.status != 200
            except (OSError, HTTPException):
                self.failed += 1
                connection.close()
            time.sleep(EVERY)

    def end(self) -> None:
        self.ended = True
        for client in self.clients:
            client.join()


def requests_after(moment: float) -> list[float]:
    """Seconds after `moment` of what the backend was asked."""
    return [float(line) - moment for line in LOG.read_text().splitlines() if line and float(line) >= moment]


def drains() -> float:
    began = time.time()
    FLAG.touch()
    deadline = began + LIMIT
    while time.time() - began - max(requests_after(began), default=0.0) < PATIENCE:
        if time.time() > deadline:
            raise SystemExit("a draining backend was never left alone")
        time.sleep(PAUSE)
    return max(requests_after(began), default=0.0)


def comes_back(begin: float) -> float:
    """Until its first request."""
    wait_until(lambda: bool(requests_after(begin)), "the backend is asked again")
    return min(requests_after(begin))


def undrains() -> float:
    began = time.time()
    FLAG.unlink()
    return comes_back(began)


def dies(kind: str) -> dict[str, float]:
    began = time.time()
    subprocess.run(["systemctl", "kill", "--signal=KILL", UNIT], check=True)
    seen = {}
    if kind == "slackwater":  # its requests tell it before its checks do
        ejected = wait_until(lambda: ADDRESS not in not_ejected(), "a dead backend is ejected")
        seen["death_ejected_s"] = round(ejected - began, 2)
    out = wait_until(lambda: ADDRESS not in SERVING[kind](), "a dead backend is out")
    return {**seen, "death_out_s": round(out - began, 2)}


def starts() -> float:
    subprocess.run(["systemctl", "reset-failed", UNIT], check=False)
    subprocess.run(["systemctl", "start", UNIT], check=True)
    return comes_back(wait_until(answers, "the backend answers"))


def answers() -> bool:
    with suppress(OSError), socket.create_connection((ADDRESS, PORT), timeout=1):
        return True
    return False


def main(kind: str, url: str) -> None:
    wait_until(lambda: ADDRESS in SERVING[kind](), "the backend serves")
    traffic = Traffic(url)
    time.sleep(CALM)
    row: dict[str, float] = {"drain_last_request_s": round(drains(), 2)}
    row["drain_join_s"] = round(undrains(), 2)
    row["drain_failed"] = traffic.failed
    time.sleep(CALM)
    row |= dies(kind)
    time.sleep(CALM)
    row["death_failed"] = traffic.failed - row["drain_failed"]
    row["death_join_s"] = round(starts(), 2)
    traffic.end()
    print(json.dumps(row))


main(*sys.argv[1:])
