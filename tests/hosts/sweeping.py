"""Labs that their test process did not live to take down."""

from __future__ import annotations

import re
from pathlib import Path

from slackwater.lab import Lab
from slackwater.lab.places import PLACES
from slackwater.lab.records import found


def sweep() -> None:
    """A lab's name begins with the number of the process that made it."""
    for directory in found(PLACES.labs):
        owner = re.match(r"t(\d+)-", directory.name)
        if owner and not Path(f"/proc/{owner[1]}").exists():
            Lab(directory.name).down()
