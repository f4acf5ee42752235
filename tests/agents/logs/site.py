"""A host below a directory of its own: a journal, nginx's logs, and the shipper as a process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from slackwater.logs import Wanted, lines, shelf
from slackwater.resources import resource

SBIN = Path(__file__).parent / "sbin"
UNIT = "slackwater-shop@r1-aaaaaaaa.service"
WORDS = ["-sP", "-m", "agents.logs", "etc/slackwater/logs.json"]


@dataclass
class Site:
    """`to` is where it ships to."""

    root: Path
    to: str
    metadata: str

    @classmethod
    def begin(cls, root: Path, to: str, metadata: str, instance: dict[str, Any] | None = None) -> Site:
        for folder in ("etc/slackwater", "var/lib/slackwater/logs", "var/log/nginx", "run", "lib"):
            (root / folder).mkdir(parents=True)
        (root / "lib/agents").symlink_to(resource("agents"))
        told = {"ship_to": to, "fleet": "production", "host": "app-1", "units": ["slackwater-shop@*"]}
        (root / "etc/slackwater/logs.json").write_text(json.dumps(told | {"files": ["/var/log/nginx/*.log"]}))
        if instance:
            (root / "etc/slackwater/instance.json").write_text(json.dumps(instance))
        return cls(root, to, metadata)

    def begin_run(self, *words: str) -> subprocess.Popen[str]:
        """As in the unit, and from a copy of the modules: nothing of the library is at hand there."""
        environment = {
            "PYTHONPATH": str(self.root / "lib"),
            "PATH": f"{SBIN}:{Path(sys.executable).parent}:{os.environ['PATH']}",
            "PYTHONDONTWRITEBYTECODE": "1",
            "HOST_HOME": str(self.root),
            "SLACKWATER_ROOT": str(self.root),
            "AWS_EC2_METADATA_SERVICE_ENDPOINT": self.metadata,
        }
        line = [sys.executable, *WORDS, *words]
        return subprocess.Popen(line, cwd=self.root, env=environment, stderr=subprocess.PIPE, text=True)

    def run(self, *words: str) -> tuple[int, str]:
        """Its exit status, and what it said."""
        with self.begin_run(*words) as running:
            _, said = running.communicate()
        return running.returncode, said

    def says(self, *messages: Any, **more: str) -> None:
        """In the journal."""
        with (self.root / "journal").open("a") as journal:
            for message in messages:
                told = {"MESSAGE": message, "_SYSTEMD_UNIT": UNIT, "PRIORITY": "6", "_PID": "7", **more}
                journal.write(json.dumps(told) + "\n")

    def log(self, name: str) -> Path:
        return self.root / "var/log/nginx" / name

    def writes(self, name: str, *said: str) -> None:
        with self.log(name).open("a") as file:
            file.writelines(f"{line}\n" for line in said)

    def shipped(self, source: str = "journal", host: str = "app-1") -> list[str]:
        """What a person reads afterwards."""
        return [line.text for line in lines(shelf(self.to), "production", host, Wanted(source))]

    def objects(self, host: str = "app-1") -> list[str]:
        return shelf(self.to).keys(f"production/{host}/")

    def spooled(self) -> int:
        """Bytes on the disk of the host."""
        return sum(path.stat().st_size for path in (self.root / "var/lib/slackwater/logs").iterdir())
