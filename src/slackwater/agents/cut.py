"""Cuts this machine's own connections to dead backends; systemd starts it for each caller, with the one capability.

It reads lines "ADDRESS PORT" and answers each: "cut 6", or why not. nginx sees an error on what was cut, and tries
elsewhere at once what may be tried twice, instead of waiting for a host that will never answer.
"""

from __future__ import annotations

import ipaddress
import json
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

STATE = Path("/var/lib/slackwater/balancer")
MOST_LINES, LONGEST_LINE = 5000, 64
"""As many as nginx has members; the longest address, a port, and what separates them."""
CUT_TIMEOUT = 5
"""Seconds: the kernel answers at once; the caller must hear of it when it does not."""
UNSUPPORTED = "not supported"


def answers(lines: Iterable[str], known: set[str]) -> Iterator[str]:
    """One for each line. Only places of the balancer's own members are cut off, whoever asks."""
    for line in lines:
        try:
            address, port = _place(line)
        except ValueError as error:
            yield f"refused: {error}"
            continue
        place = _written(address, port)
        yield cut(address, port) if place in known else f"refused: {place} is no backend of this balancer"


def _place(line: str) -> tuple[str, int]:
    words = line.split(" ")
    if len(line) > LONGEST_LINE or len(words) != 2:
        raise ValueError("a line must be an address, a space and a port")
    address, port = words
    if "%" in address:
        raise ValueError("an address must have no zone")
    address = str(ipaddress.ip_address(address))
    if not (port.isascii() and port.isdigit() and len(port) <= 5 and 1 <= int(port) <= 65535):
        raise ValueError("a port must be a number from 1 to 65535")
    return address, int(port)


def _written(address: str, port: int) -> str:
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


def known_places(state: Path) -> set[str]:
    """What nginx was last told, and all that the agent knows beside; a file that is not there names nobody."""
    members = _items(state / "members.json", "members")
    listed = {_written(str(item.get("address")), item.get("port", 0)) for item in members if isinstance(item, dict)}
    return listed | {str(item) for item in _items(state / "known.json", "places")}


def _items(path: Path, key: str) -> list[Any]:
    try:
        data = json.loads(path.read_text())
    except (OSError, ValueError):
        return []
    items = data.get(key) if isinstance(data, dict) else None
    return items if isinstance(items, list) else []


def cut(address: str, port: int) -> str:
    """Says how many connections were cut, whatever state they were in."""
    words = ["ss", "--no-header", "--numeric", "--tcp", "--kill", "state", "connected"]
    words += ["dst", f"[{address}]" if ":" in address else address, "dport", "=", f":{port}"]
    try:
        done = subprocess.run(words, check=False, capture_output=True, text=True, timeout=CUT_TIMEOUT)
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"failed: {error}"
    if done.returncode or UNSUPPORTED in done.stderr or "denied" in done.stderr or "permitted" in done.stderr:
        return f"failed: {' '.join(done.stderr.split()) or done.returncode}"
    return f"cut {len(done.stdout.splitlines())}"


def _lines() -> Iterator[str]:
    """What the caller writes, bounded in length and number."""
    for _ in range(MOST_LINES):
        line = sys.stdin.readline(LONGEST_LINE + 2)
        if not line:
            return
        yield line.rstrip("\n")


def main() -> None:
    sys.stdin.reconfigure(errors="replace")  # type: ignore[union-attr]  # a text stream, as the interpreter makes it
    known = known_places(Path(sys.argv[1]) if len(sys.argv) > 1 else STATE)
    for answer in answers(_lines(), known):
        print(answer, flush=True)


if __name__ == "__main__":
    main()
