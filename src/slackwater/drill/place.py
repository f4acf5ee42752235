"""A drill's own lab: one drill at a time, and nothing of it left, also of one that was killed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from slackwater.drill.signals import undisturbed
from slackwater.errors import LabError
from slackwater.lab import Lab
from slackwater.lab.locks import locked_if_free
from slackwater.lab.places import PLACES, Places
from slackwater.lab.preflight import check_machine

MARK = "drill"
"""In the lab's directory, with all that the drill writes: without it the lab is somebody's who wants to keep it."""


@contextmanager
def place(name: str, places: Places = PLACES) -> Iterator[Lab]:
    """LabError when another drill is there, or a lab that is none's. What a killed one left is taken away first."""
    check_machine()
    lab = Lab(name, places)
    with locked_if_free(places.labs / f".{name}.drill") as free:
        if not free:
            raise LabError(f"A drill runs in lab {name!r}: wait until it has ended, or give another --name")
        mark = lab.directory / MARK
        if lab.exists() and not mark.exists():
            raise LabError(
                f"Lab {name!r} is there and is no drill's, and a drill removes its lab: take it down "
                f"(`slackwater lab down --name {name}`), or give another --name"
            )
        lab.down()
        try:
            mark.mkdir(parents=True)
            yield lab
        finally:
            with undisturbed():
                lab.down()
