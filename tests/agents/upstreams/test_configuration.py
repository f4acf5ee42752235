"""The agent's file: what it may say, and what is said of what it may not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from slackwater.agents.upstreams import members
from slackwater.agents.upstreams.configuration import AutoScaling, Dns, Inventory, load, parse
from slackwater.agents.upstreams.given import ConfigurationError
from slackwater.agents.upstreams.members import Member, Place
from slackwater.resources import resource
from slackwater.settings.checks import Checks
from slackwater.settings.health import Health
from slackwater.settings.members import HEAVIEST, USUAL_WEIGHT
from slackwater.settings.membership import Membership

MEMBER = {"name": "app-1", "address": "10.0.1.11", "port": 8000}
INVENTORY = {"kind": "inventory", "members": [MEMBER]}


def test_what_the_settings_write_is_what_the_agent_reads() -> None:
    """The two know each other only by this document."""
    membership = [
        Membership.inventory().document(8000, [MEMBER]),
        Membership.auto_scaling("web", "more", region="eu-central-1", interval=7).document(8000),
        Membership.dns("app.internal", port=80).document(8000),
    ]
    checks = Checks(status="200", body="fine", header="X-Health: ok", host="localhost", ready=None)
    read = parse({"membership": membership, "checks": checks.document(tls=True), "policy": {"weight": 50}})
    inventory, groups, name = read.sources

    assert isinstance(inventory, Inventory)
    assert [50] == [member.weight for member in inventory.members]
    assert AutoScaling(("web", "more"), 8000, "eu-central-1", None, 7.0, 50) == groups
    assert Dns("app.internal", 80, 5.0, 50, False) == name
    assert ((200, 200), "fine", ("x-health", "ok"), "localhost", None, True) == (
        *(read.checks.status, read.checks.body, read.checks.header, read.checks.host, read.checks.ready),
        read.checks.tls,
    )


def test_the_settings_know_what_agent_and_nginx_take() -> None:
    """A weight that lint lets through is refused by neither, on the balancer."""
    rules = resource("templates/balancer/lua/slackwater/members.lua").read_text()

    assert (members.HEAVIEST, Member("a", Place("10.0.0.1", 80)).weight) == (HEAVIEST, USUAL_WEIGHT)
    assert f'{{ "weight", whole(1, {HEAVIEST}), "a whole number from 1 to {HEAVIEST}", {USUAL_WEIGHT} }}' in rules


def test_the_settings_and_the_agent_have_the_same_defaults() -> None:
    """What the file leaves out is what the settings would have said."""
    told = parse({"membership": [INVENTORY], "checks": Checks().document()})

    assert told == parse({"membership": [INVENTORY]})


def test_nginx_there_has_the_time_to_say_that_its_app_is_silent() -> None:
    """Its 504 comes after the app's timeout; a check that ends before it would take the host for dead."""
    assert Checks().timeout > Health().timeout


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"membership": []}, "membership must name at least one source"),
        ({"membership": {}}, "membership must be a list"),
        ({"membership": [{"kind": "zoo"}]}, "kind must be one of inventory, auto_scaling, dns"),
        ({"membership": [{"kind": "dns", "port": 80}]}, "name is missing"),
        ({"membership": [{"kind": "dns", "name": "a", "port": 0}]}, "port must be a whole number from 1 to 65535"),
        ({"membership": [{"kind": "auto_scaling", "groups": [], "port": 1}]}, "groups must be a list"),
        ({"membership": [{**INVENTORY, "members": [MEMBER, MEMBER]}]}, "the same name"),
        ({"membership": [{**INVENTORY, "members": [MEMBER, {**MEMBER, "name": "b"}]}]}, "the same place"),
        ({"membership": [{**INVENTORY, "members": [{**MEMBER, "address": "app.internal"}]}]}, "an IP address"),
        ({"membership": [{**INVENTORY, "members": [{**MEMBER, "weight": True}]}]}, "weight must be a whole number"),
        ({"checks": {"live": "no slash"}}, "a path to ask must begin with '/'"),
        ({"checks": {"live": "/a b"}}, "a path to ask must begin with '/'"),
        ({"checks": {"status": [300, 200]}}, "checks.status must be two numbers"),
        ({"checks": {"interval": 0}}, "interval must be a number of seconds"),
        ({"checks": {"header": "x"}}, "checks.header must be such as"),
        ({"checks": {"host": "a b"}}, "checks.host must be a host name"),
        ({"checks": {"host": "a\r\nb"}}, "host must be printable text"),
        ({"policy": {"floor": 101}}, "floor must be a whole number from 0 to 100"),
        ({"page": ["127.0.0.1"]}, "page must be an address and a port"),
        ({"writer": "magic"}, "writer must be one of lua, reload"),
        ([], "must be an object"),
    ],
)
def test_a_wrong_value_is_named(more: Any, said: str) -> None:
    """With what may stand there."""
    with pytest.raises(ConfigurationError, match=said):
        parse({"membership": [INVENTORY], **more} if isinstance(more, dict) else more)


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    """Gone, or no JSON."""
    (tmp_path / "upstreams.json").write_text("{")
    for name in ("upstreams.json", "other.json"):
        with pytest.raises(ConfigurationError, match=name):
            load(tmp_path / name)
