"""One lab host, launched again and again from an image, each time as another instance; and our own way to serve."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol
from urllib.error import HTTPError
from urllib.request import urlopen

from benchmarks.bench import HOUSE, Bench, CommandError, Row
from slackwater.bundle import Bundle
from slackwater.lab import LabHost
from slackwater.lab.cloud import Endpoint, Ground
from slackwater.lab.launches import Launched, Project, begin_with, keep, launched, make, prepare

HOST = "app-1"
RELEASE = "first"
LIMIT = 900
"""Seconds from power-on, on a machine that others load as well."""
PAUSE = 0.1
LOOK = 5.0
"""Seconds between two looks at whether it has given up, which take the host's own processor."""
WARM = "apt-get -q update && apt-get -q -y --no-install-recommends --download-only install git python3-venv"
"""Both ways get Debian's packages from the lab's cache: git is Ansible's alone, and would come from afar once."""
MASTER_AND_WORKERS = "pgrep -c -f '[g]unicorn --config'"


class Arrival(Protocol):
    """A way from power-on to serving."""

    label: str

    def arrive(self) -> Row:
        """Once, from the image on; the host is off afterwards. Seconds by phase, `release` and `workers`."""


@dataclass(frozen=True)
class Stage:
    """`bare` and `prepared` are images; the project's release is proved and in its store."""

    bench: Bench
    sky: Endpoint
    ground: Ground
    project: Project
    folder: Path

    @classmethod
    def begin(cls, bench: Bench, sky: Endpoint, folder: Path) -> Stage:
        ground = sky.cloud.ground("bench")
        made = cls(bench, sky, ground, Project.begin(folder / "project", HOUSE, sky, ground.bucket), folder)
        made.project.release(RELEASE)
        bench.up(1, 0)
        bench.ssh(HOST, WARM)
        make(made.host)
        keep(made.host, made.bare)
        prepare(made.host, made.project)
        keep(made.host, made.prepared)
        return made

    @property
    def host(self) -> LabHost:
        return self.bench.lab.host(HOST)

    @property
    def bare(self) -> Path:
        return self.folder / "bare"

    @property
    def prepared(self) -> Path:
        return self.folder / "prepared"

    def ready(self, began: float, given_up: Callable[[], str]) -> float:
        """Seconds from `began` to the first good answer through the host's nginx. `given_up` is why there is none."""
        looked = time.time()
        while not answers(f"http://{self.host.address}:8000/health/ready"):
            if time.time() > looked + LOOK:
                looked = time.time()
                if (why := given_up()) or looked > began + LIMIT:
                    raise CommandError(f"it does not serve: {why or f'{LIMIT} s are over'}")
            time.sleep(PAUSE)
        return round(time.time() - began, 1)

    def job(self) -> Row:
        """What the host does by now: the same whoever has made it do so."""
        with urlopen(f"http://{self.host.address}:8000/", timeout=10) as answer:
            release = json.load(answer)["release"]
        return {"release": release, "workers": int(self.bench.ssh(HOST, MASTER_AND_WORKERS)) - 1}


def answers(url: str) -> bool:
    try:
        with urlopen(url, timeout=1) as answer:
            return bool(answer.status == 200)
    except (HTTPError, OSError):
        return False


@dataclass(frozen=True)
class SelfProvisioned:
    """Slackwater's: user-data, bundle, the same roles as a pushed run, and the group is told."""

    stage: Stage
    label: str
    image: Path
    bundle: Bundle

    def arrive(self) -> Row:
        stage = self.stage
        begin_with(stage.host, self.image)
        with launched(stage.host, stage.sky, stage.ground, stage.project, self.bundle) as one:
            one.power_on()
            ready = stage.ready(one.began, lambda: _reason(one))
            if one.wait("InService", "gone") == "gone":
                raise CommandError(f"{self.label}: the group ended it\n{one.journal()}")
            in_service = round(time.time() - one.began, 1)
            row = {**one.seconds(), "ready": ready, "in service": in_service, **stage.job()}
            stage.host.power_cut()
        return row


def _reason(one: Launched) -> str:
    return "" if one.state() != "gone" else one.journal()
