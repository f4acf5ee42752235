"""A fleet of Vagrant's in LXC, with a place, a network and a release store of its own, as its operator handles it."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests
import yaml

from slackwater.lab import load
from tests.vagrant.conftest import PLACE, environment

HOUSE = PLACE.parent
BIN = Path(sys.executable).parent
LIMIT = 900
"""Seconds for one command; on an idle machine the longest, a first converge, takes one."""
NETWORK, BRIDGE = "10.99.7", "slackwater-vt"
SHOP = """
from slackwater import App, Health, Source
app = App(
    name="shop",
    entrypoint="shop.main:app",
    source=Source.directory({source!r}),
    environment={{"LEDGER": {ledger!r}}},
    health=Health(live="/health", ready="/health/ready", start_deadline=60, stable=2),
)
"""
STORE = """
from slackwater import Store
store = Store.directory({store!r})
"""
LEDGER = "/var/lib/slackwater/shop/ledger"


@dataclass
class VagrantFleet:
    """`counts` of each group, other than fleet.yml has them; `folder` holds all that is kept of them."""

    folder: Path
    counts: Mapping[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        told = yaml.safe_load((PLACE / "fleet.yml").read_text())
        for group, count in self.counts.items():
            told["groups"][group]["count"] = count
        told |= {"network": NETWORK, "provider": "lxc", "lxc": {"bridge": BRIDGE}}
        (self.folder / "fleet.yml").write_text(yaml.safe_dump(told))
        (self.folder / "group_data").mkdir()
        shutil.copytree(HOUSE / "examples/shop", self.folder / "source")
        data = {
            "app": SHOP.format(source=f"{self.folder}/source", ledger=LEDGER),
            "all": STORE.format(store=f"{self.folder}/store"),
        }
        for group, text in data.items():
            (self.folder / f"group_data/{group}.py").write_text(f'"""What this fleet is told."""{text}')

    @property
    def environment(self) -> dict[str, str]:
        more = {
            "SLACKWATER_VAGRANT_FLEET": str(self.folder / "fleet.yml"), "PATH": f"{BIN}:{os.environ['PATH']}"
        }  # fmt: skip
        return environment(self.folder, more)

    def run(self, *words: str | Path, cwd: Path = HOUSE) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            list(map(str, words)), cwd=cwd, env=self.environment, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=LIMIT, check=False,
        )  # fmt: skip

    def good(self, *words: str | Path, cwd: Path = HOUSE) -> str:
        done = self.run(*words, cwd=cwd)
        assert done.returncode == 0, f"{words}: {done.stdout[-6000:]}"
        return done.stdout

    def vagrant(self, *words: str) -> str:
        return self.good("vagrant", *words, cwd=PLACE)

    def network(self, word: str) -> str:
        return self.good(PLACE / "lxc-network", word)

    def slackwater(self, *words: str) -> str:
        verb, *rest = words
        told = ("--group-data", str(self.folder / "group_data"))
        return self.good(BIN / "slackwater", *verb.split(), "inventories/vagrant.py", *told, *rest)

    def converge(self) -> str:
        """How many operations changed something, by the last line of pyinfra's table: "-" for none."""
        told = ("--group-data", self.folder / "group_data")
        said = self.good(BIN / "pyinfra", "inventories/vagrant.py", "deploy.py", *told, "-y")
        total = re.search(r"Grand total +\d+ +(\S+) +(\S+) ", said)
        assert total is not None, said
        assert total[2] == "-", said
        return total[1]

    def on(self, vm: str, command: str) -> str:
        return self.vagrant("ssh", vm, "-c", command)

    @property
    def url(self) -> str:
        return f"http://{NETWORK}.11"

    @contextmanager
    def traffic(self, rate: float = 50, **words: Any) -> Iterator[load.Running]:
        """People at the balancer while the block runs."""
        with load.running(load.Load(self.url, rate=rate, seconds=LIMIT, **words)) as people:
            yield people

    def nothing_lost(self, people: load.Running) -> None:
        """Not one request lost, answered to another, executed twice or answered without being executed."""
        result = people.stop()
        executed = result.check([self.on(vm, f"sudo cat {LEDGER} || true") for vm in ("app-1", "app-2")])
        assert result.is_clean, result.summary()
        assert sum(result.sent.values()) > 100, "the load was too thin to prove anything"
        assert {} == executed.twice
        assert frozenset() == executed.never, f"{len(executed.never)} of {len(result.posted)}"
        sys.stdout.write(f"{json.dumps(result.summary())}\n")  # figures, with -rP

    def serving(self) -> set[str]:
        """Who answers twenty requests, one after the other."""
        return {requests.get(self.url, timeout=10).json()["instance"] for _ in range(20)}

    def members(self) -> dict[str, str]:
        """What the balancer calls each of its members' state."""
        page = json.loads(self.on("balancer-1", "curl -fsS http://127.0.0.1:8082/state"))
        return {member["name"]: member["state"] for member in page["members"]}


@contextmanager
def standing(fleet: VagrantFleet) -> Iterator[None]:
    """From a box made here to VMs that are up; nothing of them is left behind."""
    fleet.good(PLACE / "box/build", "lxc")
    try:
        fleet.network("up")
        fleet.vagrant("up")
        yield
    finally:
        try:
            fleet.vagrant("destroy", "-f")
        finally:
            fleet.network("down")


def until(condition: Callable[[], bool], limit: float = 120.0) -> None:
    deadline = time.monotonic() + limit
    while not condition():
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.5)
