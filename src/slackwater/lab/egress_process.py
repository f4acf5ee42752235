"""The lab's way out: its forward proxy as a process of its own, in a cgroup of the lab, so that `down` finds it."""

from __future__ import annotations

import socket
import sys
import time
from pathlib import Path

from slackwater.errors import LabError
from slackwater.lab.addressing import Network
from slackwater.lab.identity import PROXY_PORT
from slackwater.lab.power import lab_cgroup, launch

# Python starts in under a second; after this it has failed, and its log says why.
START_LIMIT = 20.0
PAUSE = 0.05


def ensure(network: Network, directory: Path, packages: Path) -> bool:
    """True if it had to be started."""
    if _answers(network):
        return False
    group, log = lab_cgroup(network.name) / "egress", directory / "egress.log"
    group.kill()
    module = [sys.executable, "-m", "slackwater.lab.egress"]
    launch(group, [*module, network.machine_side, str(PROXY_PORT), str(network.subnet), str(packages)], log)
    deadline = time.monotonic() + START_LIMIT
    while not _answers(network):
        if time.monotonic() > deadline:
            raise LabError(
                f"The proxy of lab {network.name} does not start. Its log, {log}:\n{log.read_text()[-2000:]}"
            )
        time.sleep(PAUSE)
    return True


def _answers(network: Network) -> bool:
    try:
        with socket.create_connection((network.machine_side, PROXY_PORT), 1.0):
            return True
    except OSError:
        return False
