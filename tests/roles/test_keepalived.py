"""The role keepalived: an address that the balancers share, or nothing of it."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from roles.base import base
from roles.keepalived import keepalived
from slackwater import Balancer
from slackwater.engine.vrrp import FIRST, MOST, Router
from tests.roles.bare import Bare, BareHost
from tests.roles.test_nginx import written

HOME = "/etc/keepalived"
CONFIGURATION = f"{HOME}/keepalived.conf"
OTHERS = [("@fake/a", {"address": "10.0.0.1"}), ("@fake/z", {"address": "10.0.0.3"})]


def bare(*addresses: str) -> Bare:
    """A host with one interface, and loopback."""
    links = [
        {"ifname": "lo", "addr_info": [{"local": "127.0.0.1"}, {"local": "::1"}]},
        {"ifname": "ens5", "addr_info": [{"local": address} for address in addresses]},
    ]
    return Bare(lines={"ip -j address": [json.dumps(links)]})


def run(run_role: Any, moving: str = "10.0.0.9", others: Any = OTHERS, own: str = "10.0.0.2") -> BareHost:
    """On the second of three balancers."""
    data = {"address": own, "balancer": Balancer(address=moving)}
    done: BareHost = run_role(
        keepalived, groups=("balancer",), data=data, others={"balancer": others}, bare=bare("10.0.0.2", "2001:db8::2")
    )
    return done


def test_the_balancers_talk_to_each_other_alone(run_role: Any) -> None:
    """Unicast from the host's own address, on the interface that has it, to those that the inventory names."""
    words = written(run(run_role))[CONFIGURATION].split()

    assert ["10.0.0.1", "10.0.0.3"] == words[words.index("unicast_peer") + 2 :][:2]
    assert "10.0.0.2" == words[words.index("unicast_src_ip") + 1]
    assert "ens5" == words[words.index("interface") + 1]
    assert "vrrp_check_unicast_src" in words


def test_the_first_in_the_inventory_begins(run_role: Any) -> None:
    """Each that follows has one less; none begins as master, so one that comes back hears the others first."""
    words = written(run(run_role))[CONFIGURATION].split()

    assert "99" == words[words.index("priority") + 1]
    assert "BACKUP" == words[words.index("state") + 1]


@pytest.mark.parametrize("rank", range(20))
def test_the_address_stays_until_its_nginx_is_silent(rank: int) -> None:
    """Whoever has it is above all that are well; with a silent nginx below them, but above others that are silent."""
    router = Router(1, "eth0", "10.0.0.1", (), FIRST - rank)
    lowest, highest = FIRST - MOST + 1, FIRST

    assert router.priority + router.gain > highest
    assert router.priority + router.gain - router.loss < lowest
    assert router.priority + router.gain - router.loss > highest - router.loss


def test_addresses_of_two_fleets_have_two_numbers(run_role: Any) -> None:
    """A balancer alone has no peers and so uses multicast: it must not mistake its neighbours' adverts."""
    texts = [written(run(run_role, moving, []))[CONFIGURATION].split() for moving in ("10.0.0.9", "10.0.0.10")]

    assert 2 == len({words[words.index("virtual_router_id") + 1] for words in texts})
    assert all("unicast_peer" not in words for words in texts)


def test_an_address_of_version_6_is_one_host_wide(run_role: Any) -> None:
    """With /128 it is nobody's choice as a source."""
    text = written(run(run_role, "2001:db8::9", [("@fake/a", {"address": "2001:db8::1"})], "2001:db8::2"))

    assert "2001:db8::9/128 dev ens5" in text[CONFIGURATION]


@pytest.mark.parametrize(
    ("moving", "others", "own", "complaint"),
    [
        ("10.0.0.9", [("@fake/a", {})], "10.0.0.2", "@fake/a is no IPv4 address"),
        ("10.0.0.9", [("@fake/a", {"address": "2001:db8::1"})], "10.0.0.2", "2001:db8::1 is no IPv4 address"),
        ("10.0.0.9", OTHERS, "203.0.113.2", "no interface has 10.0.0.1 or 203.0.113.2 or 10.0.0.3"),
        ("10.0.0.1", OTHERS, "10.0.0.2", "it must be one that no host has"),
        ("10.0.0.9", [(f"@fake/{n}", {"address": f"10.0.1.{n}"}) for n in range(20)], "10.0.0.2", "at most 20 can"),
    ],
)
def test_what_cannot_be_is_refused_in_a_sentence(
    run_role: Any, moving: str, others: Any, own: str, complaint: str
) -> None:
    """Nothing of keepalived is written on that host."""
    done = run(run_role, moving, others, own)

    assert 1 == len(done.executed_commands)
    assert complaint in done.executed_commands[0]


def test_keepalived_reads_it_before_it_is_there(run_role: Any) -> None:
    """With its scripts in place, for it refuses a script that is missing."""
    scripts, _, configuration, service, *_ = run(run_role).executed_commands

    assert "/etc/keepalived/slackwater-answers" in scripts
    assert 0 < configuration.index("keepalived --config-test") < configuration.index("mv -fT")
    assert "systemctl start keepalived.service" in service


def test_the_package_comes_with_the_address_only(run_role: Any) -> None:
    """A balancer without one, and any other host, has no keepalived."""
    told = {"balancer": Balancer(address="10.0.0.9")}
    with_it, without, other = (
        run_role(base, groups=groups, data=data).executed_commands
        for groups, data in ((["balancer"], told), (["balancer"], {}), (["app"], told))
    )

    assert [True, False, False] == [
        any(" keepalived" in command for command in commands) for commands in (with_it, without, other)
    ]


@pytest.mark.parametrize("group", ["balancer", "app"])
def test_where_there_is_no_address_any_more_keepalived_goes(run_role: Any, group: str) -> None:
    """Also from a host that is no balancer any more: it would hold the address and answer nobody."""
    told = {"balancer": Balancer(address="10.0.0.9" if group == "app" else None)}
    ours = Bare(lines={"slackwater-answers": ["ours"]})
    (command,) = run_role(keepalived, groups=(group,), data=told, bare=ours).executed_commands

    assert "purge keepalived" in command
    assert "rm -f /etc/keepalived/slackwater-answers" in command


def test_a_keepalived_that_is_not_ours_is_left_alone(run_role: Any) -> None:
    """The script is how ours is known."""
    assert [] == run_role(keepalived, groups=("balancer",)).executed_commands


@pytest.mark.parametrize(
    ("moving", "own", "other"), [("10.0.0.9", "10.0.0.2", "10.0.0.1"), ("2001:db8::9", "2001:db8::2", "2001:db8::1")]
)
def test_the_kernel_takes_the_rules_of_the_handover(
    run_role: Any, tmp_path: Path, moving: str, own: str, other: str
) -> None:
    """Read by nft itself, in a network of its own; twice, for a restart of the unit must not fail."""
    files = written(run(run_role, moving, [("@fake/a", {"address": other})], own))
    rules = tmp_path / "rules"
    rules.write_text(files[f"{HOME}/slackwater-handover.nft"])
    words = f"ip link add ens5 type veth; nft -f {rules}; nft -f {rules}; nft list ruleset"
    done = subprocess.run(["unshare", "-n", "sh", "-ec", words], capture_output=True, text=True, check=False)

    assert (0, "") == (done.returncode, done.stderr)
    assert "dup to" in done.stdout


def test_a_balancer_alone_hands_nothing_over(run_role: Any) -> None:
    """There is nobody whose word it could be."""
    assert "update @before" not in written(run(run_role, others=[]))[f"{HOME}/slackwater-handover.nft"]
