"""What is known of a lab before anything of it exists: written first, so that `down` finds whatever was begun."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from slackwater.errors import LabError
from slackwater.lab.addressing import INSTANCE, free_number, split
from slackwater.lab.locks import locked

FILE = "state.json"


@dataclass(frozen=True)
class HostRecord:
    """One host; `disk` is the size of a disk of its own ("300M"), None for one that is as large as this machine's.

    `instance` is its id in the lab's cloud, which made it and takes it away.
    """

    name: str
    suite: str
    image: str
    disk: str | None = None
    instance: str | None = None

    @property
    def group(self) -> str:
        return split(self.name)[0]


@dataclass(frozen=True)
class LabRecord:
    """A whole lab."""

    name: str
    number: int
    hosts: tuple[HostRecord, ...] = ()

    def names(self) -> list[str]:
        return [host.name for host in self.hosts]

    def instances(self) -> list[HostRecord]:
        """Those of the lab's cloud."""
        return [host for host in self.hosts if host.group == INSTANCE]

    def asked_for(self) -> list[HostRecord]:
        """Those of `up`."""
        return [host for host in self.hosts if host.group != INSTANCE]


def load(directory: Path, *, strictly: bool = True) -> LabRecord | None:
    """None when there is no such lab, or only a directory that was begun.

    Not strictly: a host may have fields that another version wrote; who only looks has no use for them.
    """
    file = directory / FILE
    try:
        data = json.loads(file.read_text())
        hosts = (HostRecord(**(host if strictly else _known(host))) for host in data["hosts"])
        return LabRecord(data["name"], data["number"], tuple(hosts))
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError) as error:
        remedy = f"`slackwater lab down --name {directory.name}` removes the lab"
        raise LabError(f"{file} is not what this version writes ({error!r}); {remedy}") from error


def _known(host: dict[str, Any]) -> dict[str, Any]:
    return {field.name: host[field.name] for field in fields(HostRecord) if field.name in host}


def load_number(directory: Path) -> int | None:
    """The lab's number even from a record that is otherwise not understood: `down` must not stop at it."""
    try:
        return int(json.loads((directory / FILE).read_text())["number"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def save(directory: Path, record: LabRecord) -> None:
    """A reader sees the old file or the new one, never a half."""
    directory.mkdir(parents=True, exist_ok=True)
    begun = directory / f".{FILE}"
    begun.write_text(json.dumps(asdict(record), indent=1) + "\n")
    begun.replace(directory / FILE)


def found(labs: Path) -> list[Path]:
    """The directories of all labs, complete or not."""
    return sorted(path for path in labs.glob("[a-z]*") if path.is_dir())


def load_all(labs: Path) -> list[LabRecord]:
    """Another version's labs are among them: they hold numbers and images."""
    return [record for directory in found(labs) if (record := load(directory, strictly=False))]


def images_in_use(labs: Path) -> set[str]:
    return {host.image for record in load_all(labs) for host in record.hosts}


def allot(labs: Path, name: str, routes: list[str]) -> LabRecord:
    """The lab's record, or a new one with a free number; two commands at once never get the same."""
    with locked(labs / ".numbers.lock"):
        record = load(labs / name)
        if not record:
            record = LabRecord(name, free_number({other.number for other in load_all(labs)}, routes))
            save(labs / name, record)
        return record
