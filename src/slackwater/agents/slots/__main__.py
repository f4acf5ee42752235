"""The command `slackwater-slots`: install, hook, switch, back, settle, status, boot, retire; one app on this VM."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from . import prune
from .boot import boot
from .failures import FAILURES, noted, sentence
from .hooks import run_hook
from .layout import HOOKS, Layout
from .locks import lock
from .releases import Order, install
from .status import line, status
from .switch import back, settle, switch


def _parser() -> argparse.ArgumentParser:
    example = "Example: slackwater-slots status shop"
    parser = argparse.ArgumentParser(prog="slackwater-slots", description=__doc__, epilog=example)
    verbs = parser.add_subparsers(dest="verb", required=True)
    for verb in ("status", "switch", "back", "settle", "hook", "boot", "retire", "install"):
        verbs.add_parser(verb).add_argument("app")
    verbs.choices["status"].add_argument("--json", action="store_true")
    verbs.choices["switch"].add_argument("slot")
    verbs.choices["switch"].add_argument("--standby", type=float, default=0, metavar="SECONDS")
    verbs.choices["settle"].add_argument("--proved", metavar="RELEASE", help="what the fleet is meant to run")
    verbs.choices["settle"].add_argument("--expired", action="store_true", help="not while a slot is kept in standby")
    verbs.choices["hook"].add_argument("slot")
    verbs.choices["hook"].add_argument("hook", choices=HOOKS)
    for verb in ("install", "back"):
        verbs.choices[verb].add_argument("release")
    for option in ("archive", "sha256", "group", "python"):
        verbs.choices["install"].add_argument(f"--{option}", required=True)
    return parser


def run(words: argparse.Namespace) -> None:
    layout = Layout(words.app)
    match words.verb:
        case "status":
            print(json.dumps(status(layout)) if words.json else line(layout))
        case "boot":
            print(f"live {boot(layout)}")
        case "retire":
            prune.retire(layout)
        case "settle":
            settle(layout, expired=words.expired, proved=words.proved)
        case _:
            _change(layout, words)


def _change(layout: Layout, words: argparse.Namespace) -> None:
    """Verbs whose failure the next status shows."""
    match words.verb:
        case "switch":
            with noted(layout, "switch", slot=words.slot):
                switch(layout, words.slot, words.standby)
        case "back":
            with noted(layout, "back", release=words.release):
                back(layout, words.release)
        case "hook":
            with noted(layout, words.hook, slot=words.slot):
                print(run_hook(layout, words.slot, words.hook))
        case "install":
            order = Order(words.release, Path(words.archive), words.sha256, words.group, words.python)
            with noted(layout, "install", release=words.release), lock(layout, "install"):
                install(layout, order)


def main() -> None:
    try:
        run(_parser().parse_args())
    except FAILURES as error:
        sys.exit(sentence(error))


if __name__ == "__main__":
    main()
