"""What a cloud that is gone left in a lab."""

from __future__ import annotations

from slackwater.lab.fleet import Lab


def clear(lab: Lab) -> None:
    """Takes the hosts that were instances out of the lab; the others stay."""
    if names := [host.name for host in lab.instances()]:
        lab.remove(names)
