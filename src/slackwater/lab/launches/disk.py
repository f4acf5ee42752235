"""A lab host's disk as the image of others: kept, laid on the disk of a host that is off, and let in to again."""

from __future__ import annotations

from pathlib import Path

from slackwater.errors import LabError
from slackwater.lab._run import run
from slackwater.lab.host import LabHost

OWN = ("etc/ssh", "root/.ssh", "home/admin/.ssh")
"""Host key and logins: what EC2's key pair and cloud-init would give, and the lab's own known_hosts knows."""


def upper(host: LabHost) -> Path:
    """All that differs from the suite's image. LabError for a host that is on: its disk changes at any time."""
    if host.power.is_on():
        raise LabError(f"{host.name} is on: its disk can be read and written from outside only while it is off")
    return host.directory / "disk/upper"


def keep(host: LabHost, place: Path) -> None:
    """A copy at `place`, which must not exist; with overlayfs's own marks for what was removed."""
    run("cp", "-a", "-T", str(upper(host)), str(place))


def begin_with(host: LabHost, place: Path) -> None:
    """The host, which is off, loses its disk for a copy of the one that was kept at `place`."""
    run("rm", "-rf", str(upper(host)))
    run("cp", "-a", "-T", str(place), str(upper(host)))
    let_in(host)


def let_in(host: LabHost) -> None:
    """A sealed image has no keys and no logins; without them the lab could not ask the host anything."""
    for part in OWN:
        run("cp", "-a", "-T", str(host.directory / "seed" / part), str(upper(host) / part))
