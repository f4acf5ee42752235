"""Whether a run makes a host serve, or prepares it to become an image of hosts that will."""

from __future__ import annotations

from pyinfra import host

MODE = "slackwater_mode"
"""The name in a host's data; `slackwater image prepare` sets it."""
IMAGE = "image"


def makes_image() -> bool:
    """Installed and configured, nothing started, no slot: what is a host's own is not in its image."""
    return bool(host.data.get(MODE) == IMAGE)
