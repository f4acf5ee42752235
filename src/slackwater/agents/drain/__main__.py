"""The service slackwater-drain: `python3 -m agents.drain /etc/slackwater/drain.json`."""

from __future__ import annotations

import signal
import sys
from pathlib import Path

from .agent import Agent
from .around import Clock, Surroundings
from .files import boot_id
from .lasting import Lasting
from .notify import Systemd
from .told import ToldError, load


def main() -> None:
    """The second word is a root directory of one's own."""
    root = Path(sys.argv[2] if len(sys.argv) > 2 else "/")
    try:
        told = load(Path(sys.argv[1]), root)
    except ToldError as error:
        sys.exit(f"{error}")
    clock = Clock()
    around = Surroundings(clock, boot_id(told.run), _log, clock.behind)
    agent = Agent(told, Lasting(), Systemd(), around)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: agent.end())
    agent.run()


def _log(line: str) -> None:
    """To the journal; each call is one line there."""
    print(" ".join(line.split()), file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
