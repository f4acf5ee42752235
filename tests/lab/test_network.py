"""The lab's bridge, as hosts come and go."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator

import pytest

from slackwater.lab import Lab
from slackwater.lab.addressing import Network
from slackwater.lab.network import plug, unplug

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="a network of its own needs root")


@pytest.fixture
def network() -> Iterator[Network]:
    lab = Lab(f"t{os.getpid()}-network")
    yield lab.connect()
    lab.down()


def gateway_hardware(network: Network) -> str:
    words = ["ip", "-n", network.fabric, "-br", "link", "show", "br0"]
    return subprocess.run(words, capture_output=True, text=True, check=True).stdout.split()[2]


def test_a_host_that_goes_takes_nobodys_gateway_along(network: Network) -> None:
    """A neighbour that still knows the old hardware address would reach neither AWS nor its metadata for a while."""
    before = gateway_hardware(network)
    seen = set()
    for host in ("app-1", "app-2"):
        plug(network, host)
        seen.add(gateway_hardware(network))
    for host in ("app-1", "app-2"):
        unplug(network, host)
        seen.add(gateway_hardware(network))

    assert {before} == seen
