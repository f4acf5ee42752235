"""The instance itself as an inventory: `@local` in the groups that a pushed run would see it in."""

from __future__ import annotations

import json
import os
import socket
from pathlib import Path
from typing import Any

from slackwater.bundle._named_self import let_it_be_called_self
from slackwater.errors import SettingsError
from slackwater.lint.fleet import INSTANCE

FILE = Path("/etc/slackwater/instance.json")
VARIABLE = "SLACKWATER_INSTANCE_FILE"
DECLARED = "declared.json"
FAR = ("192.0.2.1", 9)
"""An address of no network: asked for the way to it, the kernel names our own address. Nothing is sent."""

Group = list[tuple[str, dict[str, Any]]]


def groups() -> dict[str, Group]:
    """The environment's group is the last, so that what it says beats what the others say, as in a pushed run."""
    let_it_be_called_self()
    told, declared = _read(Path(os.environ.get(VARIABLE, FILE))), _read(Path(DECLARED))
    data = {
        INSTANCE: True,
        # The run is root's already; sudo would lose the wheelhouse from its environment.
        "_sudo": False,
        "address": own_address(),
        "neighbours": declared["neighbours"],
        **({"fleet": declared["fleet"]} if declared["fleet"] else {}),
    }
    return {name: [("@local", data)] for name in (*told["groups"], told["environment"])}


def own_address() -> str:
    """Of the interface with the default route; of the machine itself where there is none."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        try:
            asking.connect(FAR)
            return str(asking.getsockname()[0])
        except OSError:
            return "127.0.0.1"


def _read(path: Path) -> dict[str, Any]:
    try:
        return dict(json.loads(path.read_text()))
    except (OSError, ValueError) as error:
        raise SettingsError(
            f"{path}: cannot be read ({error}): inventories/self.py is for instances that provision themselves; "
            "it runs from their bundle, and user-data writes this file"
        ) from error
