"""The service slackwater-breaker: `python3 -m agents.breaker /etc/slackwater/breaker.json /run/slackwater-breaker`."""

from __future__ import annotations

import json
import signal
import socket
import sys
from pathlib import Path
from threading import Event
from typing import Any

from .files import write
from .look import aws_client
from .policy import Rules
from .watch import Watch

INTERVAL = 30
"""Seconds between two looks: AWS itself waits minutes between two launches that fail."""


def watch_of(told: dict[str, Any]) -> Watch:
    rules = Rules(told["group"], told["failures"], told["expiry"], f"slackwater on {socket.gethostname()}")
    return Watch(rules, lambda: aws_client(told["region"], told.get("endpoint")), _log)


def run(told: dict[str, Any], folder: Path, stop: Event) -> None:
    watch = watch_of(told)
    while not stop.is_set():
        watch.look()
        write(folder, watch)
        stop.wait(told.get("interval", INTERVAL))


def _log(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def main() -> None:
    told, folder = json.loads(Path(sys.argv[1]).read_text()), Path(sys.argv[2])
    stop = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    run(told, folder, stop)


if __name__ == "__main__":
    main()
