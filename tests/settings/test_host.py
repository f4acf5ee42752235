"""What one host is told: group data, and what the inventory says of its network."""

from __future__ import annotations

import pytest

from slackwater import Balancer
from slackwater.errors import SettingsError
from slackwater.settings import resolve


def test_the_inventorys_address_of_the_balancers_wins() -> None:
    """An address belongs to a network; group data may be those of another. All else stays as declared."""
    told = {"balancer": Balancer(port=8080, address="192.0.2.9"), "balancer_address": "10.77.0.254"}
    balancer = resolve(told).balancer

    assert ("10.77.0.254", 8080) == (balancer.address, balancer.port)


def test_without_one_it_is_as_group_data_say() -> None:
    """Also when they say nothing."""
    assert "192.0.2.9" == resolve({"balancer": Balancer(address="192.0.2.9")}).balancer.address
    assert None is resolve({}).balancer.address


@pytest.mark.parametrize("value", ["balancer.example.org", "10.77.0", "10.77.0.254/24", 80, ""])
def test_what_is_no_address_is_refused(value: object) -> None:
    """The sentence names it and what it must be."""
    with pytest.raises(SettingsError, match=r"balancer_address = .*: must be an IP address, or None"):
        resolve({"balancer_address": value})
