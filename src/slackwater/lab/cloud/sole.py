"""One cloud at a time has the VMs of a Vagrantfile or the instances of a lab: another would take them for what is left
of an earlier one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from slackwater.errors import LabError
from slackwater.inventory.vagrant_fleet import kept
from slackwater.lab.fleet import Lab
from slackwater.lab.locks import locked_if_free

NAME = "slackwater-cloud.lock"


@contextmanager
def sole(*, lab: str | None, vagrant: str | None) -> Iterator[None]:
    """Raises LabError while another holds them; one that was killed holds nothing."""
    if not (lab or vagrant):
        yield
        return
    file = kept(Path(vagrant)).parent / NAME if vagrant else Lab(str(lab)).places.labs / f".{lab}.cloud.lock"
    with locked_if_free(file) as free:
        if not free:
            whose = f"the VMs of {vagrant}" if vagrant else f"the instances of lab {lab!r}"
            raise LabError(f"Another cloud has {whose}: end it first, with the --directory that it was given.")
        yield
