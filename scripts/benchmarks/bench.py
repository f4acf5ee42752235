"""What the parts share: the lab, commands in the checkout and on hosts, and the lines that are printed."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from slackwater.errors import SlackwaterError
from slackwater.lab import Lab

HOUSE = Path(__file__).resolve().parents[2]
BIN = HOUSE / ".venv/bin"
CONVERGE = ("pyinfra", "inventories/local.py", "deploy.py", "-y")
SLOTS = "slackwater-slots status shop --json"

Row = dict[str, Any]


class CommandError(SlackwaterError):
    """What is measured cannot be when a command beside it fails; the text is the command and all that it said."""


@dataclass
class Bench:
    """`rounds` is how often each thing is measured; `part` is what is being measured now.

    `long` are the scale-ins of the drill's long form, 0 for none.
    """

    lab_name: str
    rounds: int
    as_json: bool
    part: str = ""
    long: int = 0

    @property
    def lab(self) -> Lab:
        return Lab(self.lab_name)

    def show(self, what: str, value: object) -> None:
        """A line for people, or with --json an object for programs."""
        if self.as_json:
            print(json.dumps({"part": self.part, "what": what, "value": value}), flush=True)
        else:
            print(f"{what:<72} {json.dumps(value) if isinstance(value, Mapping) else value}", flush=True)

    def table(self, columns: Sequence[str], rows: Sequence[Row]) -> None:
        """For people only: programs have had every row already. What a row has not is a dash."""
        if self.as_json:
            return
        lines = [list(columns), *([str(row.get(name, "-")) for name in columns] for row in rows)]
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        for first, *others in lines:
            padded = (text.rjust(width) for text, width in zip(others, widths[1:], strict=True))
            print(first.ljust(widths[0]), *padded, sep="  ", flush=True)

    def attempt(self, *words: str) -> subprocess.CompletedProcess[str]:
        """In the checkout, with its environment's programs, on this lab."""
        environment = os.environ | {"PATH": f"{BIN}:{os.environ['PATH']}", "SLACKWATER_LAB": self.lab_name}
        null = subprocess.DEVNULL
        return subprocess.run(
            words, cwd=HOUSE, env=environment, stdin=null, capture_output=True, text=True, check=False
        )

    def run(self, *words: str) -> str:
        done = checked(" ".join(words), self.attempt(*words))
        return done.stdout + done.stderr

    def timed(self, *words: str) -> float:
        began = time.monotonic()
        self.run(*words)
        return time.monotonic() - began

    def ssh(self, host: str, command: str, text: str | None = None) -> str:
        """What the command printed; `text` is what it reads."""
        return checked(f"{host}: {command}", self.lab.host(host).ssh(command, input=text)).stdout.strip()

    def up(self, app: int, balancer: int) -> None:
        """A new lab of so many hosts."""
        self.down()
        self.run("slackwater", "lab", "up", "--app", str(app), "--balancer", str(balancer))

    def demo_fleet(self) -> None:
        """Two app hosts and a balancer, converged; those of the part before if they are there."""
        if not self.lab.exists() or len(self.lab.hosts()) != 3:
            self.up(2, 1)
        self.run(*CONVERGE)

    def down(self) -> None:
        self.lab.down()

    def url(self, host: str, port: int) -> str:
        return f"http://{self.lab.host(host).address}:{port}/"


def checked(what: str, done: subprocess.CompletedProcess[str]) -> subprocess.CompletedProcess[str]:
    if done.returncode:
        raise CommandError(f"{what} failed ({done.returncode}):\n{done.stdout}{done.stderr}")
    return done
