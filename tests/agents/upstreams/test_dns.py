"""Members from a DNS name."""

from __future__ import annotations

import asyncio
import socket

import pytest

from slackwater.agents.upstreams.configuration import Dns
from slackwater.agents.upstreams.members import NAME
from slackwater.agents.upstreams.membership import dns
from slackwater.agents.upstreams.membership.reading import Reading, SourceError

TOLD = Dns("app.internal", 8000)


def read(*addresses: str, error: Exception | None = None, told: Dns = TOLD) -> Reading:
    async def resolver(name: str) -> list[str]:
        assert name == told.name
        if error:
            raise error
        return list(addresses)

    return asyncio.run(dns.read(told, resolver))


def test_each_address_is_a_member_once() -> None:
    """Both families, in a fixed order, with names that nginx's list may hold."""
    members = read("10.0.0.2", "10.0.0.1", "2001:db8::1", "10.0.0.1").members

    assert ["10.0.0.1-8000", "10.0.0.2-8000", "2001-db8--1-8000"] == [member.name for member in members]
    assert all(NAME.fullmatch(member.name) for member in members)
    assert "[2001:db8::1]:8000" == str(members[2].place)


def test_each_address_has_the_share_of_the_name() -> None:
    """A host of the inventory that only a name leads to has a share too."""
    members = read("10.0.0.1", "2001:db8::1", told=Dns("app.internal", 8000, weight=50, backup=True)).members

    assert [(50, True), (50, True)] == [(member.weight, member.backup) for member in members]


@pytest.mark.parametrize(
    ("addresses", "error", "said"),
    [
        ((), socket.gaierror(-2, "Name or service not known"), "Name or service not known"),
        ((), UnicodeError("label too long"), "label too long"),
        (("not an address",), None, "no address of a backend"),
        (("fe80::1%eth0",), None, "no address of a backend"),
    ],
)
def test_a_name_that_says_nothing_is_a_failed_look(addresses: tuple[str, ...], error: Exception, said: str) -> None:
    """With the name and the reason."""
    with pytest.raises(SourceError, match=f"app.internal: .*{said}"):
        read(*addresses, error=error)


def test_the_systems_own_resolver() -> None:
    """localhost is known everywhere."""
    assert "127.0.0.1" in asyncio.run(dns.resolve("localhost"))
