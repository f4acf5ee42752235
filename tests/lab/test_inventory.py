"""A lab as pyinfra's inventory."""

from __future__ import annotations

from pathlib import Path

from slackwater.lab import LabHost
from slackwater.lab.addressing import Network
from slackwater.lab.identity import KEY
from slackwater.lab.inventory import grouped
from slackwater.lab.places import Places
from slackwater.lab.records import HostRecord


def hosts(folder: Path, *names: str) -> list[LabHost]:
    (folder / "labs/local").mkdir(parents=True)
    (folder / f"labs/local/{KEY}.pub").write_text("ssh-ed25519 AAAA local\n")
    return [
        LabHost(HostRecord(name, "bookworm", "b-1"), Network("local", 3), Places(folder / "labs")) for name in names
    ]


def test_every_host_stands_in_its_group_with_the_address_it_is_known_by(tmp_path: Path) -> None:
    """A group that has no host is there all the same."""
    found = grouped(hosts(tmp_path, "app-1", "balancer-1"))

    assert {"app": ["app-1"], "worker": [], "balancer": ["balancer-1"], "cache": []} == {
        group: [name for name, _ in members] for group, members in found.items()
    }
    assert "10.77.3.11" == found["app"][0][1]["address"]


def test_balancers_are_told_the_address_that_they_share(tmp_path: Path) -> None:
    """Nobody else is, nor is one balancer alone."""
    one = grouped(hosts(tmp_path / "one", "app-1", "balancer-1"))
    two = grouped(hosts(tmp_path / "two", "app-1", "balancer-1", "balancer-2"))

    assert [None, None] == [told.get("balancer_address") for _, told in one["app"] + one["balancer"]]
    assert [None, "10.77.3.254", "10.77.3.254"] == [
        told.get("balancer_address") for _, told in two["app"] + two["balancer"]
    ]
