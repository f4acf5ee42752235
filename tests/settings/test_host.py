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


@pytest.mark.parametrize("weight", [1, 50, 1000])
def test_an_app_hosts_share_is_the_inventorys_word(weight: int) -> None:
    """Its weight beside the others', and whether it only stands by."""
    told = resolve({"weight": weight, "backup": True})

    assert (weight, True) == (told.weight, told.backup)


@pytest.mark.parametrize("told", [{}, {"weight": None, "backup": None}])
def test_without_a_share_it_is_one_among_equals(told: dict[str, object]) -> None:
    """As it is for those that come from a group or a name."""
    assert (100, False) == (resolve(told).weight, resolve(told).backup)


@pytest.mark.parametrize("value", [0, -1, 1001, 50.0, "50", True, False])
def test_what_is_no_weight_is_refused(value: object) -> None:
    """The agent and nginx's list would refuse it too, on the balancer."""
    with pytest.raises(SettingsError, match=r"weight = .*: must be a whole number from 1 to 1000, or None"):
        resolve({"weight": value})


@pytest.mark.parametrize("value", [1, 0, "yes", "", []])
def test_what_is_no_switch_is_refused(value: object) -> None:
    """A text that says no would be a backup."""
    with pytest.raises(SettingsError, match=r"backup = .*: must be True or False, or None"):
        resolve({"backup": value})
