"""The command `slackwater-slots`: status, install, switch, boot, retire; the verbs of one app on this VM."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from . import probe, prune, systemd
from .boot import boot
from .layout import Layout, target
from .locks import LockError, lock
from .releases import Order, ReleaseError, install
from .switch import SwitchError, switch


def status(layout: Layout) -> dict[str, Any]:
    """What is live and whether it is whole; `work` lists what a switch to the live slot would mend."""
    slot = layout.live_slot()
    facts: dict[str, Any] = {"slot": slot, "release": layout.live_release(), "releases": layout.releases()}
    return facts | {"work": _work(layout, slot) if slot else ["nothing is live"]}


def _work(layout: Layout, slot: str) -> list[str]:
    units = [layout.unit(slot, kind) for kind in ("socket", "service")]
    work = [f"{unit} is not active" for unit in units if not systemd.active(unit)]
    work += [f"{unit} has changed on disk" for unit in units if systemd.stale(unit)]
    if target(layout.socket) != layout.slot_socket(slot).name:
        work.append(f"{layout.socket} does not point to {slot}")
    elif not probe.listening(layout.socket):
        work.append(f"{layout.slot_socket(slot)} is not there")
    running = systemd.active_units(layout.unit("*", "*"))
    work += [f"{unit} still runs" for unit in running if unit not in units]
    return work + [f"{name} may go" for names in prune.surplus(layout) for name in names]


def line(layout: Layout) -> str:
    """The status in one line: "live SLOT" when there is nothing to mend."""
    now = status(layout)
    return "; ".join(now["work"]) or f"live {now['slot']}"


def _parser() -> argparse.ArgumentParser:
    example = "Example: slackwater-slots status shop"
    parser = argparse.ArgumentParser(prog="slackwater-slots", description=__doc__, epilog=example)
    verbs = parser.add_subparsers(dest="verb", required=True)
    for verb in ("status", "switch", "boot", "retire", "install"):
        verbs.add_parser(verb).add_argument("app")
    verbs.choices["status"].add_argument("--json", action="store_true")
    verbs.choices["switch"].add_argument("slot")
    verbs.choices["install"].add_argument("release")
    for option in ("archive", "sha256", "group", "python"):
        verbs.choices["install"].add_argument(f"--{option}", required=True)
    return parser


def run(words: argparse.Namespace) -> None:
    layout = Layout(words.app)
    match words.verb:
        case "status":
            print(json.dumps(status(layout)) if words.json else line(layout))
        case "switch":
            switch(layout, words.slot)
        case "boot":
            print(f"live {boot(layout)}")
        case "retire":
            prune.retire(layout)
        case "install":
            with lock(layout, "install"):
                install(layout, Order(words.release, Path(words.archive), words.sha256, words.group, words.python))


def main() -> None:
    try:
        run(_parser().parse_args())
    except (LockError, SwitchError, ReleaseError) as error:
        sys.exit(str(error))
    except subprocess.CalledProcessError as error:
        sys.exit(f"{' '.join(error.cmd)} failed with {error.returncode}: {error.stderr}")
    except subprocess.TimeoutExpired as error:
        sys.exit(f"{' '.join(error.cmd)} was not done after {error.timeout:.0f} s")


if __name__ == "__main__":
    main()
