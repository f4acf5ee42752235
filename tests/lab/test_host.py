"""A host's verbs where it does not answer them."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from slackwater.errors import LabError
from slackwater.lab.addressing import Network
from slackwater.lab.host import HostState, LabHost
from slackwater.lab.places import Places
from slackwater.lab.records import HostRecord


@dataclass(frozen=True)
class Hanging(LabHost):
    """Its sshd answers, and its shell does not."""

    said: list[str] = field(default_factory=list)

    def state(self) -> HostState:
        return HostState.RUNNING

    def ssh(self, command: str, *, timeout: float = 0.0, **_: Any) -> subprocess.CompletedProcess[str]:
        self.said.append(f"{command} for {timeout:g} s")
        raise LabError(f"{self.name}: `{command}` was not done after {timeout:g} s")

    def power_cut(self) -> None:
        self.said.append("cut")


def test_a_host_whose_shell_hangs_is_off_all_the_same(tmp_path: Path) -> None:
    """An instance that is terminated by the cloud's books would go on serving."""
    record, places = HostRecord("app-1", "bookworm", "none"), Places(tmp_path / "labs", tmp_path / "cache")
    host = Hanging(record, Network("nobodys", 63), places)
    host.shut_down(0.25)

    assert ["systemctl --no-block poweroff for 0.25 s", "cut"] == host.said
