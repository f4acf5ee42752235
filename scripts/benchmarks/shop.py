"""The example shop, release after release: the same source as an archive in a store and as a directory on the host."""

from __future__ import annotations

import io
import shutil
import tarfile
from base64 import b64encode
from dataclasses import dataclass
from pathlib import Path

from benchmarks.bench import HOUSE, Bench

HOST = "app-1"
HOME = "/srv/bench"
"""On the host; releases/ below it has what the other ways run."""
LEDGER = "/var/lib/slackwater/shop/ledger"
"""Whichever way it runs, the app writes each POST that it begins there."""
NAMED = 'os.environ.get("SLACKWATER_RELEASE", "unknown")'
BROKEN = 'raise RuntimeError("no such table: tides")\n'
APP = """\"\"\"What the benchmark deploys.\"\"\"

from slackwater import App, Health, Source

app = App(
    name="shop",
    interface="asgi",
    entrypoint="shop.main:app",
    source=Source.directory({source!r}),
    environment={{"LEDGER": {ledger!r}}},
    health=Health(live="/health", ready="/health/ready"),
)
"""
ALL = """\"\"\"Where the benchmark keeps its releases.\"\"\"

from slackwater import Store

store = Store.directory({store!r})
"""


@dataclass
class Shop:
    """`folder` holds group data, store and source; `made` counts the releases, none of which is used twice."""

    bench: Bench
    folder: Path
    made: int = 0

    def __post_init__(self) -> None:
        self.told.mkdir(parents=True)
        (self.told / "app.py").write_text(APP.format(source=str(self.source), ledger=LEDGER))
        (self.told / "all.py").write_text(ALL.format(store=str(self.folder / "store")))

    @property
    def told(self) -> Path:
        return self.folder / "group_data"

    @property
    def source(self) -> Path:
        return self.folder / "source"

    def words(self, *command: str) -> list[str]:
        """A command of Slackwater's on this shop."""
        return ["slackwater", *command, "inventories/local.py", "--group-data", str(self.told)]

    def make(self, *, broken: bool = False) -> str:
        """A new release's id, once it lies in the store and on the host. A broken one cannot be imported."""
        self.made += 1
        name = f"r{self.made}{'-broken' if broken else ''}"
        self._write(name, broken)
        self.bench.run(*self.words("release", "build"), "--id", name)
        return name

    def place(self, name: str) -> None:
        """The present source as a directory on the host, for the ways that need no archive."""
        packed = io.BytesIO()
        with tarfile.open(fileobj=packed, mode="w") as archive:
            archive.add(self.source, arcname=".")
        text, target = b64encode(packed.getvalue()).decode(), f"{HOME}/releases/{name}"
        self.bench.ssh(HOST, f"mkdir -p {target} && base64 -d | tar -x -C {target}", text)

    def _write(self, name: str, broken: bool) -> None:
        """The code itself says which release it is: whoever sees that word has been answered by this very code."""
        shutil.rmtree(self.source, ignore_errors=True)
        shutil.copytree(HOUSE / "examples/shop", self.source, ignore=shutil.ignore_patterns("__pycache__"))
        log, main = self.source / "shop/log.py", self.source / "shop/main.py"
        assert NAMED in log.read_text()
        log.write_text(log.read_text().replace(NAMED, repr(name)))
        if broken:
            main.write_text(BROKEN + main.read_text())
