"""A bare host: answers every question as a fresh Debian does and records every command that would change it."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass, field
from typing import Any

from pyinfra.connectors.fake import FakeConnector
from pyinfra.connectors.util import CommandOutput, OutputLine

DEBIAN = {
    "system": "debian",
    "version": "12",
    "codename": "bookworm",
    "hostname": "host",
    "cores": "2",
    "python": "3.11",
    "memory": "4096",
    "time_daemon": "",
}


@dataclass
class Bare:
    """What the host answers; `lines` are answers to questions by a part of the command, `found` by path."""

    system: dict[str, str] = field(default_factory=dict)
    lines: dict[str, list[str]] = field(default_factory=dict)
    found: dict[str, str] = field(default_factory=dict)

    def answer(self, command: str) -> list[str]:
        if "/etc/os-release" in command:
            return [f"{key}={value}" for key, value in (DEBIAN | self.system).items()]
        if "sha256sum" in command and command.startswith("for p in"):
            return [self.found.get(path, "absent||||0||") + path for path in _words(command)] + ["end"]
        if "systemctl show --timestamp" in command:
            return [line for unit in _words(command) for line in (f"unit={unit}", "LoadState=not-found")]
        if not command.endswith("echo end"):
            return []
        return [*next((lines for part, lines in self.lines.items() if part in command), []), "end"]


@dataclass
class Asked(Bare):
    """And keeps what it was asked."""

    asked: list[str] = field(default_factory=list)

    def answer(self, command: str) -> list[str]:
        lines = super().answer(command)
        if lines:
            self.asked.append(command)
        return lines


def _words(command: str) -> list[str]:
    found = re.match(r"for \w+ in (.*?); do", command, re.DOTALL)
    assert found
    return shlex.split(found[1])


class BareHost(FakeConnector):
    """pyinfra's fake connector with the answers of `Bare`; questions are not recorded, changes are."""

    bare = Bare()

    def run_shell_command(self, command: Any, *_: Any, **arguments: Any) -> tuple[bool, CommandOutput]:
        text = command if isinstance(command, str) else command.get_raw_value()
        lines = self.bare.answer(text)
        if not lines:
            self.executed_commands.append(text)
            self.stdin.append(str(arguments.get("_stdin") or ""))
        failed = re.search(r"; exit 1$", text)
        return not failed, CommandOutput([OutputLine("stdout", line) for line in lines])

    def put_file(self, source: Any, destination: str, **_: Any) -> bool:
        self.executed_commands.append(f"upload {destination}")
        self.stdin.append("")
        return True

    @property
    def stdin(self) -> list[str]:
        return self.__dict__.setdefault("_stdin", [])
