"""The host's own command `slackwater-drain`: the operator's wish lies in a file, and the agent follows it."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ..files import write_whole
from . import files
from .told import Told, load

CONFIGURATION = Path("/etc/slackwater/drain.json")
FRESH = 30.0
"""Seconds: an agent that has not written for so long is not there."""
AWAY, STANDS = "the drain agent does not run", "; the wish stands: slackwater-drain undrain takes it back"
"""An agent that comes hours later would follow a wish: whoever asked must know."""
ENDS = "it waits for nothing, and its exit status is 1 when the agent does not run"


def status(told: Told) -> dict[str, Any]:
    """What the agent says of itself; `agent` says what is wrong with it, empty when nothing is."""
    page = told.run / "state.json"
    found = dict(files.document(page) or {})
    away = not found or time.time() - page.stat().st_mtime > FRESH
    asked = files.document(told.wish) is not None
    return {**found, "agent": f"{AWAY}{STANDS if asked else ''}" if away else "", "asked": asked}


def drain(told: Told, by: str, reason: str) -> None:
    """Asked twice, it is the first wish that stands."""
    if files.document(told.wish) is None:
        at = datetime.now(UTC).isoformat(timespec="seconds")
        text = json.dumps({"at": at, "by": by, "reason": reason})
        write_whole(told.wish, text + "\n")


def undrain(told: Told) -> None:
    told.wish.unlink(missing_ok=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="slackwater-drain",
        description="Take this host out of traffic and stop its app, or put it back.",
        epilog="example: slackwater-drain drain --reason 'new kernel', and later slackwater-drain undrain",
    )
    verbs = parser.add_subparsers(dest="verb", required=True)
    asks = _verb(verbs, "drain", "out of traffic, requests finished, then the app is stopped", "--reason 'new kernel'")
    asks.add_argument("--by", default="root", help="who asks; stands in the status")
    asks.add_argument("--reason", default="", help="stands in the status")
    _verb(verbs, "undrain", "the app is started, then the gate opens")
    _verb(verbs, "status", "how it stands", "--json").add_argument("--json", action="store_true", help="all of it")
    return parser


def _verb(verbs: Any, name: str, what: str, example: str = "") -> argparse.ArgumentParser:
    line = f"example: slackwater-drain {name} {example}".strip()
    made: argparse.ArgumentParser = verbs.add_parser(name, help=what, description=f"{what}; {ENDS}", epilog=line)
    return made


def _line(found: dict[str, Any]) -> str:
    causes = "; ".join(one["said"] for one in found.get("causes", ()))
    words = [str(found.get("state", "unknown")), *([f"at {found['step']}"] if found.get("step") else []), causes]
    return ", ".join(filter(None, [found["agent"], *words, *found.get("cut", ())]))


def main(words: Sequence[str] | None = None, root: Path = Path("/")) -> int:
    asked = _parser().parse_args(words)
    told = load(root / CONFIGURATION.relative_to("/"), root)
    if asked.verb == "drain":
        drain(told, asked.by, asked.reason)
    elif asked.verb == "undrain":
        undrain(told)
    found = status(told)
    print(json.dumps(found) if getattr(asked, "json", False) else _line(found))
    return 1 if found["agent"] else 0


if __name__ == "__main__":
    sys.exit(main())
