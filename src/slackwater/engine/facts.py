"""What a host is asked: each fact is one command, whatever the number of things it asks about."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from pyinfra.api import FactBase

from slackwater.engine.values import Found, Kind

KINDS: dict[str, Kind] = {"file": "file", "directory": "directory", "link": "link", "absent": "absent"}


@dataclass(frozen=True)
class Machine:
    """What does not change while a host runs. `memory` in MB."""

    system: str
    version: str
    codename: str
    hostname: str
    python: str
    cores: int
    memory: int
    time_daemon: str


class System(FactBase[Machine | None]):
    """Distribution, size and interpreter of the host."""

    def command(self) -> str:
        version = "import sys; print('%d.%d' % sys.version_info[:2])"
        return (
            'ID= VERSION_ID= VERSION_CODENAME=; . /etc/os-release; echo "system=$ID"; echo "version=$VERSION_ID"; '
            'echo "codename=$VERSION_CODENAME"; echo "hostname=$(uname -n)"; echo "cores=$(nproc)"; '
            f'echo "python=$(python3 -c "{version}" 2>/dev/null)"; '
            "awk '/^MemTotal/ {print \"memory=\" int($2 / 1024)}' /proc/meminfo; "
            'echo "time_daemon=$(command -v chronyd || command -v ntpd)"'
        )

    @staticmethod
    def default() -> Machine | None:
        return None

    def process(self, output: Iterable[str]) -> Machine | None:
        said = dict(line.split("=", 1) for line in output if "=" in line)
        if not said.keys() >= {"cores", "memory", "time_daemon"}:
            return None
        words = ("system", "version", "codename", "hostname", "python", "time_daemon")
        texts = {word: said.get(word, "") for word in words}
        return Machine(cores=int(said["cores"]), memory=int(said["memory"]), **texts)


class NginxVersion(FactBase[tuple[int, ...] | None]):
    """Such as (1, 22, 1)."""

    def command(self) -> str:
        return "nginx -v 2>&1; echo end"

    @staticmethod
    def default() -> tuple[int, ...] | None:
        return None

    def process(self, output: Iterable[str]) -> tuple[int, ...]:
        found = re.search(r"nginx/([0-9.]+)", "\n".join(output))
        return tuple(map(int, found[1].split("."))) if found else ()


class Paths(FactBase[dict[str, Found] | None]):
    """What stands at each of many paths."""

    def command(self, paths: Sequence[str]) -> str:
        words = " ".join(shlex.quote(path) for path in paths)
        return (
            f"for p in {words}; do "
            'if [ -L "$p" ]; then stat -c "link|%a|%U|%G|%.6Z|$(readlink "$p")|%n" "$p"; '
            'elif [ -d "$p" ]; then stat -c "directory|%a|%U|%G|%.6Z||%n" "$p"; '
            'elif [ -f "$p" ]; then s=$(sha256sum < "$p"); stat -c "file|%a|%U|%G|%.6Z|${s%% *}|%n" "$p"; '
            'elif [ -e "$p" ]; then stat -c "other|%a|%U|%G|%.6Z||%n" "$p"; '
            'else printf "absent||||0||%s\\n" "$p"; fi; done; echo end'
        )

    @staticmethod
    def default() -> dict[str, Found] | None:
        return None

    def process(self, output: Iterable[str]) -> dict[str, Found] | None:
        found: dict[str, Found] = {}
        for line in output:
            if line == "end":
                return found
            kind, mode, owner, group, changed, detail, path = line.split("|", 6)
            found[path] = Found(KINDS.get(kind, "other"), mode, owner, group, detail, float(changed))
        return None


class Packages(FactBase[dict[str, str] | None]):
    """Versions of those of the named packages that are wholly installed; "" stands for dpkg's own broken state."""

    def command(self, names: Sequence[str]) -> str:
        words = " ".join(shlex.quote(name) for name in names)
        return (
            "dpkg-query -W -f '${db:Status-Abbrev}|${Package}|${Version}\\n' " + words + " 2>/dev/null; "
            "[ -z \"$(dpkg --audit)\" ] || echo 'broken||'; echo end"
        )

    @staticmethod
    def default() -> dict[str, str] | None:
        return None

    def process(self, output: Iterable[str]) -> dict[str, str] | None:
        lines = list(output)
        if not lines or lines[-1] != "end":
            return None
        rows = [line.split("|") for line in lines[:-1]]
        # The first letter is what somebody wants of it (a held package is "hi"), the second what it is.
        installed = {name: version for status, name, version in rows if status[1:2] == "i"}
        return installed | ({"": "broken"} if ["broken", "", ""] in rows else {})


@dataclass(frozen=True)
class Unit:
    """A systemd unit as `systemctl show` tells it. `since` is its last change of state, seconds since 1970."""

    load: str
    active: str
    enabled: str
    stale: bool
    """Its file changed after systemd read it."""
    since: float

    @property
    def running(self) -> bool:
        return self.active in {"active", "reloading", "activating"}


class Units(FactBase[dict[str, Unit] | None]):
    """State of each of many units."""

    PROPERTIES = "Id,LoadState,ActiveState,UnitFileState,NeedDaemonReload,StateChangeTimestamp"

    def command(self, names: Sequence[str]) -> str:
        words = " ".join(shlex.quote(name) for name in names)
        show = f"systemctl show --timestamp=us+utc -p {self.PROPERTIES}"
        return f'for u in {words}; do echo "unit=$u"; {show} "$u"; done'

    @staticmethod
    def default() -> dict[str, Unit] | None:
        return None

    def process(self, output: Iterable[str]) -> dict[str, Unit] | None:
        units: dict[str, dict[str, str]] = {}
        for line in output:
            key, _, value = line.partition("=")
            if key == "unit":
                current = units.setdefault(value, {})
            elif value:
                current[key] = value
        return {name: _unit(shown) for name, shown in units.items()}


def _unit(shown: dict[str, str]) -> Unit:
    return Unit(
        load=shown.get("LoadState", ""),
        active=shown.get("ActiveState", ""),
        enabled=shown.get("UnitFileState", ""),
        stale=shown.get("NeedDaemonReload") == "yes",
        since=_seconds(shown.get("StateChangeTimestamp", "")),
    )


def _seconds(stamp: str) -> float:
    """systemd's "Fri 2026-11-20 10:16:00.123456 UTC" in seconds since 1970; 0 when there is none."""
    found = re.search(r"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d+) UTC", stamp)
    if not found:
        return 0.0
    return datetime.strptime(found[1], "%Y-%m-%d %H:%M:%S.%f").replace(tzinfo=UTC).timestamp()


class Accounts(FactBase[dict[str, str] | None]):
    """Home and shell ("home:shell") of those of the named users that exist."""

    def command(self, names: Sequence[str]) -> str:
        return f"getent passwd {' '.join(shlex.quote(name) for name in names)}; echo end"

    @staticmethod
    def default() -> dict[str, str] | None:
        return None

    def process(self, output: Iterable[str]) -> dict[str, str] | None:
        rows = [line.split(":") for line in output if ":" in line]
        return {row[0]: f"{row[5]}:{row[6]}" for row in rows}


class Lines(FactBase[list[str] | None]):
    """The output of a command of a role's own, line by line; None when it failed."""

    def command(self, command: str) -> str:
        return f"{{ {command}\n}} && echo end"

    @staticmethod
    def default() -> list[str] | None:
        return None

    def process(self, output: Iterable[str]) -> list[str] | None:
        lines = list(output)
        return lines[:-1] if lines and lines[-1] == "end" else None


AnyFact = type[FactBase[Any]]
