"""The service slackwater-upstreams: `python3 -m agents.upstreams /etc/slackwater/upstreams.json`."""

from __future__ import annotations

import asyncio
import signal
import sys
from pathlib import Path

from .agent import Agent, Surroundings
from .given import ConfigurationError

DEFAULT = "/etc/slackwater/upstreams.json"


async def _run(path: Path) -> None:
    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    await Agent(path, Surroundings()).run(stop)


def main() -> None:
    try:
        asyncio.run(_run(Path(sys.argv[1] if len(sys.argv) > 1 else DEFAULT)))
    except ConfigurationError as error:
        sys.exit(f"{error}")


if __name__ == "__main__":
    main()
