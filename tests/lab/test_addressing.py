"""Names and addresses follow from a lab's name and number."""

from __future__ import annotations

import pytest

from slackwater.errors import LabError
from slackwater.lab.addressing import LABS, Network, check_lab_name, free_number, names, split


def test_an_address_says_which_host_it_is() -> None:
    """The last number is the group's first number and the host's own."""
    network = Network("local", 3)

    assert ["10.77.3.11", "10.77.3.111", "10.77.3.161", "10.77.3.212"] == [
        network.address(host) for host in ("app-1", "worker-1", "instance-1", "balancer-2")
    ]


def test_no_two_hosts_share_an_address() -> None:
    """Not even in a lab that is as large as a lab can be."""
    groups = {"app": 99, "worker": 49, "instance": 49, "balancer": 39, "cache": 9}
    everyone = [name for group, count in groups.items() for name in names(group, count)]

    assert len(everyone) == len({Network("local", 0).address(host) for host in everyone})


def test_several_balancers_share_an_address_that_no_host_has() -> None:
    """One alone, however many other hosts there are, needs none."""
    network, everyone = Network("local", 3), [*names("app", 99), *names("worker", 49), *names("balancer", 39)]

    assert "10.77.3.254" == network.moving(["app-1", "balancer-1", "balancer-2"])
    assert None is network.moving(["app-1", "app-2", "balancer-1"])
    assert "10.77.3.254" not in {network.address(host) for host in everyone}


def test_every_lab_has_networks_of_its_own() -> None:
    """Hosts and cables of all labs lie apart."""
    networks = [net for number in range(LABS) for net in (Network("x", number).subnet, Network("x", number).cable)]

    assert [] == [(a, b) for a in networks for b in networks if a is not b and a.overlaps(b)]


def test_interface_names_fit_the_kernel() -> None:
    """15 characters, and not one more."""
    assert len(Network("x", LABS - 1).uplink) <= 15


def test_namespaces_of_labs_with_similar_names_stay_apart() -> None:
    """`down --name a` must not take `a-b` with it."""
    assert not Network("a-b", 1).namespace("app-1").startswith("slackwater-a.")


@pytest.mark.parametrize("name", ["app", "app-", "app-0", "app-x", "web-1", "-1", ""])
def test_a_name_that_is_no_hosts_name_is_refused(name: str) -> None:
    """The sentence says what a name looks like."""
    with pytest.raises(LabError, match="such as app-1"):
        split(name)


@pytest.mark.parametrize(("group", "count"), [("app", 100), ("app", -1), ("balancer", 40)])
def test_a_count_that_does_not_fit_is_refused(group: str, count: int) -> None:
    """The sentence says how many a lab can have."""
    with pytest.raises(LabError, match=r"a lab has 0 to \d+ of them"):
        names(group, count)


@pytest.mark.parametrize("name", ["", "Lab", "1lab", "a.b", "a/b", "..", "a" * 32])
def test_a_lab_is_not_named_like_a_path(name: str) -> None:
    """A lab's name becomes a directory, a namespace and a cgroup."""
    with pytest.raises(LabError, match="no lab's name"):
        check_lab_name(name)


def test_the_lowest_free_number_is_taken() -> None:
    """Numbers of labs that are gone are used again."""
    assert 1 == free_number({0, 2}, ["192.0.2.0/24"])


def test_a_number_whose_addresses_are_routed_elsewhere_is_passed_over() -> None:
    """Neither the hosts' network nor the cable may hide a network that the machine reaches today."""
    assert 2 == free_number(set(), ["10.77.0.0/24", "10.77.255.4/30"])


def test_a_machine_with_a_route_to_all_of_it_gets_no_lab() -> None:
    """The sentence names the route."""
    with pytest.raises(LabError, match=r"10\.0\.0\.0/8"):
        free_number(set(), ["10.0.0.0/8"])
