"""A fleet with a store and an app of its own: what an operator types there, and what came of it."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from slackwater.lab import Lab, load
from tests.hosts.converge.running import BIN, HOUSE, LIMIT, LONG, environment, out, settle, url
from tests.hosts.counting import counted

LEDGER = "/var/lib/slackwater/shop/ledger"
SHOP = """
app = App(
    name="shop",
    interface={interface!r},
    entrypoint={entrypoint!r},
    source=Source.directory({source!r}),
    environment={environment!r},
    health=Health(live="/health", ready="/health/ready", start_deadline={deadline}, stable={stable}),
    {more}
)
"""
START = 60
"""Seconds that a good release may take to start: it takes three, and more where others use the machine."""
STEADY = 100 if LONG else 50
"""Requests a second where no requirement names a number."""
FASTEST = ("--bake", "0", "--batch", "100%")


@dataclass
class Site:
    """`folder` holds its group data, its store and the app's source."""

    lab: Lab
    folder: Path
    example: str = "shop"
    shop: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.told = self.folder / "group_data"
        self.told.mkdir(parents=True)
        self.source({})
        self.tell()

    def source(self, files: Mapping[str, str]) -> None:
        """The example anew, with some of its files replaced or added."""
        shutil.rmtree(self.folder / "source", ignore_errors=True)
        shutil.copytree(HOUSE / "examples" / self.example, self.folder / "source")
        for name, text in files.items():
            (self.folder / "source" / name).write_text(text)

    def tell(
        self, more: str = "", deadline: int = START, stable: int = 2, variables: Mapping[str, str] = {}, group: str = ""
    ) -> None:
        """`more` goes into App(…), `group` after it."""
        words = {"interface": "asgi", "entrypoint": "shop.main:app", **self.shop}
        values = {"LEDGER": LEDGER, **variables}
        text = SHOP.format(
            **words, source=f"{self.folder}/source", environment=values, deadline=deadline, stable=stable, more=more
        )
        self._write("app", text + group)
        self._write("all", f"store = Store.directory({str(self.folder / 'store')!r})")

    def _write(self, group: str, text: str) -> None:
        (self.told / f"{group}.py").write_text(f'"""What this test is about."""\nfrom slackwater import *\n{text}\n')

    def command(self, *words: str) -> list[str]:
        verb, *rest = words
        verbs = verb.split()
        return [str(BIN / "slackwater"), *verbs, "inventories/local.py", "--group-data", str(self.told), *rest]

    def begin(self, *words: str) -> subprocess.Popen[str]:
        """Starts it and does not wait; what it says goes into a file of its own."""
        with (self.folder / "said").open("w") as said:
            return subprocess.Popen(
                self.command(*words), cwd=HOUSE, env=environment(self.lab), stdin=subprocess.DEVNULL, stdout=said,
                stderr=subprocess.STDOUT, text=True,
            )  # fmt: skip

    def said(self) -> str:
        return (self.folder / "said").read_text()

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self.command(*words), cwd=HOUSE, env=environment(self.lab), stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=LIMIT, check=False,
        )  # fmt: skip

    def good(self, *words: str) -> str:
        done = self.run(*words)
        assert done.returncode == 0, done.stdout[-6000:]
        return done.stdout

    def build(self, name: str, files: Mapping[str, str] | None = None) -> None:
        """A release of the source as it is, or with some files replaced."""
        if files is not None:
            self.source(files)
        self.good("release build", "--id", name)

    def rollout(self, name: str, *words: str) -> str:
        return self.good("rollout", "--release", name, *(words or FASTEST))

    def converge(self, *words: str) -> Any:
        return settle(self.lab, *words, group_data=self.told)

    def status(self) -> dict[str, Any]:
        return dict(json.loads(self.run("status", "--json").stdout))

    def hosts(self) -> list[str]:
        return [host.name for host in self.lab.hosts() if host.group == "app"]

    def releases(self) -> dict[str, str]:
        """What each app host runs, by what is on its disk."""
        return {name: self.on(name, "basename $(readlink /srv/slackwater/shop/current)") for name in self.hosts()}

    def slots(self) -> dict[str, list[str]]:
        """The slots that run on each app host."""
        units = "systemctl list-units --plain --no-legend 'slackwater-shop@*.service' | awk '{print $1}'"
        return {name: self.on(name, units).split() for name in self.hosts()}

    def on(self, host: str, command: str) -> str:
        return out(self.lab.host(host), command)

    def ledgers(self) -> list[str]:
        """The ids of every POST that an app executed, host by host."""
        return [self.on(name, f"cat {LEDGER} 2>/dev/null || true") for name in self.hosts()]

    def proved(self) -> str | None:
        return self.status()["proved"]

    def whole(self, release: str) -> None:
        """One release everywhere, one slot on each host, the pointer on it, nobody at work."""
        status = self.status()
        assert dict.fromkeys(self.hosts(), release) == self.releases()
        assert {1} == {len(slots) for slots in self.slots().values()}, self.slots()
        assert (release, None, True) == (status["proved"], status["change"], status["ok"]), status


@contextmanager
def traffic(site: Site, rate: float = STEADY, **words: Any) -> Iterator[load.Running]:
    """People at the balancer while the block runs; `result` says what became of them."""
    with counted(site.lab, load.Load(url(site.lab), rate=rate, seconds=LIMIT * 4, **words)) as people:
        yield people


def nothing_lost(site: Site, people: load.Running) -> None:
    """Not one request lost, answered to another, cut, executed twice or answered without being executed."""
    result = people.stop()
    executed = result.check(site.ledgers())
    assert result.is_clean, result.summary()
    assert {} == executed.twice
    assert frozenset() == executed.never
