"""What runs in the background: `python -m slackwater.lab.cloud.process DIRECTORY`, until SIGTERM."""

from __future__ import annotations

import logging
import signal
import threading
from pathlib import Path

import click

from slackwater.lab.cloud.background import save
from slackwater.lab.cloud.server import cloud


@click.command()
@click.argument("directory", type=click.Path(path_type=Path))
@click.option("--port", default=0)
@click.option("--lifecycle", is_flag=True)
def main(directory: Path, port: int, lifecycle: bool) -> None:
    """Serves until it is told to end."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
    ended = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: ended.set())
    with cloud(port=port, lifecycle=lifecycle) as endpoint:
        save(directory, endpoint.url, lifecycle=lifecycle)
        ended.wait()


if __name__ == "__main__":
    main()
