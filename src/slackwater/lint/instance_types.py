"""What an instance type's name tells: its architecture, and for the common families cores and memory."""

from __future__ import annotations

import re
from typing import NamedTuple

NAME = re.compile(r"(?P<letters>[a-z]+)(?P<generation>[0-9]+)(?P<options>[a-z]*)(-[a-z0-9]+)?\.(?P<size>[a-z0-9-]+)")
# GB of memory for each core, by the family's letter.
GB_PER_CORE = {"c": 2, "m": 4, "r": 8}
CORES = {"medium": 1, "large": 2, "xlarge": 4}
TIMES = re.compile(r"([0-9]+)xlarge")
BURSTABLE = {
    "nano": (2, 512),
    "micro": (2, 1024),
    "small": (2, 2048),
    "medium": (2, 4096),
    "large": (2, 8192),
    "xlarge": (4, 16384),
    "2xlarge": (8, 32768),
}
# Older ones had other sizes.
OLDEST_GENERATION = 5


class Size(NamedTuple):
    """What the operating system sees; a little less memory is there, which the roles count exactly."""

    cores: int
    memory_mb: int


def architecture(name: str) -> str:
    """`arm64` for AWS's own processors, whose types have a `g` behind the generation; a1 was the first of them."""
    found = NAME.fullmatch(name)
    is_arm = bool(found) and (name.startswith("a1.") or "g" in str(found and found["options"]))
    return "arm64" if is_arm else "x86_64"


def size(name: str) -> Size | None:
    """None for what is not known well enough to refuse anything because of it."""
    found = NAME.fullmatch(name)
    if not found:
        return None
    if found["letters"] == "t" and int(found["generation"]) >= 3:
        return Size(*BURSTABLE[found["size"]]) if found["size"] in BURSTABLE else None
    ratio, cores = GB_PER_CORE.get(found["letters"]), _cores(found["size"])
    unusual = int(found["generation"]) < OLDEST_GENERATION or "-" in name
    return None if ratio is None or cores is None or unusual else Size(cores, cores * ratio * 1024)


def _cores(size: str) -> int | None:
    times = TIMES.fullmatch(size)
    return 4 * int(times[1]) if times else CORES.get(size)
