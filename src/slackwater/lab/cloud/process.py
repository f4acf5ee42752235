"""What runs in the background: `python -m slackwater.lab.cloud.process DIRECTORY`, until SIGTERM."""

from __future__ import annotations

import logging
import signal
import threading
from pathlib import Path
from typing import Any

import click

from slackwater.lab.cloud.background import Kind, save
from slackwater.lab.cloud.machines import Machines
from slackwater.lab.cloud.machines.hosts import LabMachines
from slackwater.lab.cloud.machines.vagrant import VagrantMachines
from slackwater.lab.cloud.server import cloud
from slackwater.lab.cloud.sole import sole
from slackwater.lab.fleet import Lab


@click.command()
@click.argument("directory", type=click.Path(path_type=Path))
@click.option("--port", default=0)
@click.option("--lifecycle", is_flag=True)
@click.option("--lab", default=None)
@click.option("--image", default="")
@click.option("--suite", default="")
@click.option("--vagrant", default=None)
def main(directory: Path, port: int, **asked: Any) -> None:
    """Serves until it is told to end."""
    kind = Kind(**asked)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
    ended = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: ended.set())
    with (
        sole(lab=kind.lab, vagrant=kind.vagrant),
        cloud(port=port, lifecycle=kind.lifecycle, machines=_machines(kind)) as endpoint,
    ):
        save(directory, endpoint.url, kind)
        ended.wait()


def _machines(kind: Kind) -> Machines | None:
    """None: they are in the books only."""
    if kind.vagrant:
        return VagrantMachines(Path(kind.vagrant))
    return LabMachines(Lab(kind.lab), kind.image, kind.suite) if kind.lab else None


if __name__ == "__main__":
    main()
