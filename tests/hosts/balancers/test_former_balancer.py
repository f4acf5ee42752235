"""A host that was a balancer is another one in the inventory: what made it one goes, and comes back with it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from slackwater.lab import Lab
from tests.hosts.balancers.desk import agent, measured, settled
from tests.hosts.converge.running import LONG_ONLY, out, served, settle, url

Fleet = Callable[..., Lab]
Told = Callable[..., Path]

INVENTORY = '''"""The lab's hosts, but what was a balancer is one of the group {group}."""

from slackwater.lab.inventory import groups as _groups

_found = _groups()
app, database, balancer = _found["app"], [], []
{group} = [*{group}, *_found["balancer"]]
'''
DECLARED = '''"""What this test is about."""
from slackwater import *
balancer = Balancer(tls=Tls.self_signed(domains=["shop.test"]), changes={changes!r})
'''
UNITS = (
    "systemctl list-unit-files --no-legend --plain 'slackwater-upstreams*' 'slackwater-cut*' 'slackwater-reload*';"
    "systemctl list-units --all --no-legend --plain 'slackwater-upstreams*' 'slackwater-cut*' 'slackwater-reload*'"
)
LISTENING = "ss -Hltn 'sport = :80 or sport = :443 or sport = :8082 or sport = :8083'"
PROCESSES = "ps -o args= -u slackwater | grep -v agents.drain || true"
"""The drain agent is an app's and a worker's own."""
FILES = (
    "find /etc /var/lib/slackwater /run/slackwater-balancer -path '*slackwater*' -not -type d"
    " -not -path '/etc/slackwater/shop/*' -not -path '/var/lib/slackwater/shop/*' | sort"
)
OF_A_BALANCER = re.compile(r"balancer|upstreams|slackwater-cut|slackwater-reload|/lua/|members|maintenance")


@dataclass(frozen=True)
class Fleets:
    """One lab, told two things: the balancer is one, or it is in another group."""

    lab: Lab
    group_data: Path
    elsewhere: Path

    def with_it(self) -> dict[str, set[str]]:
        return settle(self.lab, group_data=self.group_data).changed

    def without_it(self) -> dict[str, set[str]]:
        return settle(self.lab, group_data=self.group_data, inventory=self.elsewhere).changed


def fleets(lab: Lab, folder: Path, group: str, changes: str) -> Fleets:
    told, elsewhere = folder / "group_data", folder / "elsewhere" / "local.py"
    for parent in (told, elsewhere.parent):
        parent.mkdir()
    (told / "local.py").write_text(DECLARED.format(changes=changes))
    elsewhere.write_text(INVENTORY.format(group=group))
    return Fleets(lab, told, elsewhere)


def trusted(lab: Lab) -> set[str]:
    return set(out(lab.host("app-1"), "awk '/set_real_ip_from/ {print $2}' /etc/nginx/slackwater.d/app.conf").split())


@pytest.mark.parametrize(
    ("group", "changes"),
    [
        ("database", "lua"),
        pytest.param("database", "reload", marks=LONG_ONLY),
        pytest.param("app", "lua", marks=LONG_ONLY),
    ],
)
def test_a_former_balancer(passing: Fleet, tmp_path: Path, group: str, changes: str) -> None:
    """Agent, units and files go, no port of a balancer answers; twice nothing is to be done; then it is one again."""
    lab = passing("former", app=1, balancer=1)
    told, former = fleets(lab, tmp_path, group, changes), lab.host("balancer-1")
    told.with_it()
    settled(former, {"app-1": "up"})
    first = told.without_it()
    stays = out(former, FILES).splitlines()
    measured("\n".join(["what stays:", *stays]))

    assert {"balancer-1"} == first["upstreams | removed"]
    assert [] == [path for path in stays if OF_A_BALANCER.search(path)]
    assert "" == out(former, UNITS)
    assert "" == out(former, LISTENING)
    assert "" == out(former, PROCESSES)
    assert "active" == out(former, "systemctl is-active nginx")
    assert set() == trusted(lab)
    assert {} == told.without_it()

    told.with_it()
    settled(former, {"app-1": "up"})
    assert {former.address + ";"} == trusted(lab)
    assert {} == told.with_it()
    assert 200 == served(url(lab)).status_code
    assert agent(former)["writer"]["ok"]
