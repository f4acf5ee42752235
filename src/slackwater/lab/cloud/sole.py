"""One cloud at a time has the VMs of a Vagrantfile or the instances of a lab: another would take them for what is left
of an earlier one."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from slackwater.errors import LabError
from slackwater.inventory.vagrant_fleet import kept
from slackwater.lab.fleet import Lab
from slackwater.lab.locks import locked_if_free

NAME = "slackwater-cloud.lock"
PATIENCE = 5.0
"""Seconds: one that was killed is seen to be gone a moment before the last of its threads lets go of its files."""
PAUSE = 0.05


@contextmanager
def sole(*, lab: str | None, vagrant: str | None) -> Iterator[None]:
    """Raises LabError while another holds them; one that was killed holds nothing."""
    if not (lab or vagrant):
        yield
        return
    file = kept(Path(vagrant)).parent / NAME if vagrant else Lab(str(lab)).places.labs / f".{lab}.cloud.lock"
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        with locked_if_free(file) as free:
            if free:
                yield
                return
        time.sleep(PAUSE)
    whose = f"the VMs of {vagrant}" if vagrant else f"the instances of lab {lab!r}"
    raise LabError(f"Another cloud has {whose}: end it first, with the --directory that it was given.")
