"""What the agent is told: by its role in drain.json, and by the launch template in instance.json where there is one."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from .rules import Rules

INSTANCE = "etc/slackwater/instance.json"


class ToldError(Exception):
    """A file that is not as the role writes it; says which, and what is wrong."""


@dataclass(frozen=True)
class App:
    """Its health route on this host."""

    name: str
    port: int
    tls: bool


@dataclass(frozen=True)
class Group:
    """The scaling group that the instance belongs to; `hook` is None where nobody waits for its leave."""

    name: str
    region: str
    hook: str | None
    endpoint: str | None
    target_groups: tuple[str, ...]


@dataclass(frozen=True)
class Told:
    """`worker` is the app whose tasks the host carries out. `root` is "/" but in tests."""

    app: App | None
    group: Group | None
    rules: Rules
    worker: str | None = None
    nginx: tuple[str, int] = ("127.0.0.1", 8081)
    root: Path = Path("/")

    @property
    def state(self) -> Path:
        """The agent's own, which survives a reboot."""
        return self.root / "var/lib/slackwater/drain"

    @property
    def run(self) -> Path:
        """Gone after a boot: the flag of the gate, and what others may read."""
        return self.root / "run/slackwater-drain"

    @property
    def counted(self) -> Path | None:
        """What waits for this host's workers, as they write it."""
        return self.root / f"run/slackwater/{self.worker}/backlog/waiting.json" if self.worker else None

    @property
    def flag(self) -> Path:
        return self.run / "draining"

    @property
    def wish(self) -> Path:
        """The operator's. root writes it, so it lies where the agent's user may only read."""
        return self.root / "var/lib/slackwater/drain.wish/operator.json"

    @property
    def leave(self) -> Path:
        return self.state / "leave.json"

    @property
    def spare(self) -> Path:
        """The leave as long as the disk takes nothing: gone after a boot."""
        return self.run / "leave.json"

    @property
    def hooked(self) -> Path:
        """What root's hooks say of themselves."""
        return self.root / "run/slackwater-drain-hooks/result.json"


def load(path: Path, root: Path = Path("/")) -> Told:
    """Raises ToldError."""
    try:
        told = json.loads(path.read_text())
        instance = _instance(root / INSTANCE)
        group = _group(instance, root / INSTANCE) if instance else None
        return Told(
            app=App(**told["app"]) if told.get("app") else None,
            group=group,
            rules=_rules(told["rules"], instance),
            worker=told.get("worker"),
            nginx=("127.0.0.1", int(told.get("stub_status", 8081))),
            root=root,
        )
    except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
        raise ToldError(f"{path} cannot be read: {error!r}; converge this host") from error


def _instance(path: Path) -> Mapping[str, Any] | None:
    """None on a host that no launch template has made."""
    try:
        return dict(json.loads(path.read_text()))
    except FileNotFoundError:
        return None


def _group(told: Mapping[str, Any], path: Path) -> Group:
    if missing := [name for name in ("group", "region") if not told.get(name)]:
        raise ToldError(f"{path} has no {' and no '.join(missing)}: the launch template's user-data writes it")
    targets = tuple(told.get("target_groups", ()))
    return Group(told["group"], told["region"], told.get("terminate_hook"), told.get("endpoint"), targets)


def _rules(told: Mapping[str, Any], instance: Mapping[str, Any] | None) -> Rules:
    known = {field.name for field in fields(Rules)} - {"is_grouped", "hold", "heartbeat"}
    if surplus := set(told) - known:
        raise ValueError(f"rules has {', '.join(sorted(surplus))}")
    found = instance or {}
    hold, heartbeat = float(found.get("hold", 0)), float(found.get("terminate_heartbeat") or Rules.heartbeat)
    waits = bool(found.get("terminate_hook"))
    values = {name: float(value) for name, value in told.items()}
    return Rules(**values, hold=hold, heartbeat=heartbeat, is_grouped=waits)
