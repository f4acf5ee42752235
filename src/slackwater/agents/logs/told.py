"""What the shipper is told: by its role in logs.json, and by the launch template in instance.json."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

INSTANCE = "etc/slackwater/instance.json"


class ToldError(Exception):
    """A file that is not as the role writes it; says which, and what is wrong."""


@dataclass(frozen=True)
class Told:
    """`to` is s3://bucket/prefix or a directory; `host` is the inventory's name; `units` are patterns of journalctl.

    `files` are patterns of log files. `region` and `endpoint` are None where nobody has told them. `is_instance`: its
    name is its id. `root` is "/" but in tests.
    """

    to: str
    fleet: str
    host: str
    units: tuple[str, ...]
    files: tuple[str, ...]
    region: str | None = None
    endpoint: str | None = None
    is_instance: bool = False
    root: Path = Path("/")

    @property
    def state(self) -> Path:
        return self.root / "var/lib/slackwater/logs"

    @property
    def run(self) -> Path:
        """Gone after a boot: what others may read."""
        return self.root / "run/slackwater-logs"


def load(path: Path, root: Path = Path("/")) -> Told:
    """Raises ToldError."""
    try:
        told = json.loads(path.read_text())
        instance = _instance(root / INSTANCE)
        return Told(
            to=str(told["ship_to"]).rstrip("/"),
            fleet=str(told["fleet"]),
            host=str(told["host"]),
            units=tuple(told["units"]),
            files=tuple(told["files"]),
            region=instance.get("region"),
            endpoint=os.environ.get("AWS_ENDPOINT_URL") or instance.get("endpoint"),
            is_instance=bool(instance),
            root=root,
        )
    except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
        raise ToldError(f"{path} cannot be read: {error!r}; converge this host") from error


def _instance(path: Path) -> dict[str, Any]:
    """Empty on a host that no launch template has made."""
    try:
        return dict(json.loads(path.read_text()))
    except FileNotFoundError:
        return {}
