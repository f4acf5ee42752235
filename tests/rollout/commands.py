"""The command as an operator types it: each a process of its own, what it says in files."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .machine import HERE, LIMIT, until


@dataclass
class Running:
    """At work, or ended with `status`. Its words go to files, so that it never waits for a reader."""

    launcher: Launcher
    number: int
    output: Path
    errors: Path
    status: int | None = None

    def said(self) -> str:
        return self.output.read_text() + self.errors.read_text()

    def objects(self) -> list[dict[str, Any]]:
        """What a program reads: each line of stdout, whatever it is."""
        return [json.loads(line) for line in self.output.read_text().splitlines()]

    def has_ended(self) -> bool:
        if self.status is None:
            self.status = self.launcher.ask(ended=self.number)
        return self.status is not None

    def await_said(self, word: str) -> None:
        until(lambda: word in self.said() or self.has_ended(), self.said)
        assert word in self.said(), self.said()

    def wait(self) -> int:
        until(self.has_ended, lambda: f"it does not end within {LIMIT:.0f} s:\n{self.said()}")
        assert self.status is not None
        return self.status

    def signal(self, number: signal.Signals) -> None:
        if not self.has_ended():
            os.kill(self.number, number)

    def kill(self) -> None:
        self.signal(signal.SIGKILL)
        self.wait()


@dataclass
class Launcher:
    """See launcher.py. `home` is the operator's: nothing of this machine's own ssh settings is read."""

    home: Path
    process: subprocess.Popen[str] = field(init=False)

    def __post_init__(self) -> None:
        command = [sys.executable, str(HERE / "launcher.py")]
        environment = {**os.environ, "HOME": str(self.home), "COLUMNS": "200"}
        self.process = subprocess.Popen(
            command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True
        )

    def ask(self, **request: object) -> Any:
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def start(self, words: list[str], cwd: Path, name: str) -> Running:
        """The files of what it says are called by `name`."""
        output, errors = cwd / f"{name}.output", cwd / f"{name}.errors"
        for file in (output, errors):
            file.touch()
        number = self.ask(start=words, cwd=str(cwd), output=str(output), errors=str(errors))
        return Running(self, number, output, errors)

    def end(self) -> None:
        """It ends with its input."""
        self.process.communicate()
