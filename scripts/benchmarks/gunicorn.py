"""gunicorn started by hand beside the slots: the live slot's own program and settings, with another socket."""

from __future__ import annotations

import json

from benchmarks.bench import SLOTS, Bench

PLACE = "/srv/slackwater/shop/current"


def start(bench: Bench, unit: str, options: str) -> None:
    slot = json.loads(bench.ssh("app-1", SLOTS))["slot"]
    settings = f"-p WorkingDirectory={PLACE}/app -p Restart=always -p RestartSec=250ms -p KillMode=mixed"
    config = f"--config /etc/slackwater/shop/{slot}/gunicorn.conf.py --no-control-socket"
    command = f"{PLACE}/venv/bin/python -m gunicorn {config} {options} shop.main:app"
    bench.ssh("app-1", f"systemd-run --unit={unit} {settings} {command}")
