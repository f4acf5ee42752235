"""The members of Auto Scaling groups as hosts of an inventory, also where AWS cannot be asked."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from slackwater.errors import CloudError
from slackwater.inventory.cache import Cache, Known
from slackwater.inventory.member import Member
from slackwater.inventory.naming import plain
from slackwater.inventory.purpose import Purpose, purpose
from slackwater.inventory.reading import read, refuse_no_name
from slackwater.inventory.saying import say
from slackwater.inventory.states import note

OFFLINE = "SLACKWATER_OFFLINE"
"""1: AWS is not asked, and nothing is changed by the old list; run: hosts may be changed by it, too."""
ALWAYS = ("app", "worker", "balancer")
STRANGERS = "an old list lacks new instances, and has the addresses of gone ones, where strangers may be by now"

Host = tuple[str, dict[str, Any]]
Address = Literal["private", "public", "instance"]


def scaling_group_hosts(
    *scaling_groups: str,
    environment: str,
    region: str,
    groups: Sequence[str] = ("app",),
    standby: Literal["out", "in"] = "out",
    address: Address = "private",
    names: Literal["instance", "tag"] = "instance",
    endpoint: str | None = None,
    data: Mapping[str, Any] | None = None,
) -> dict[str, list[Host]]:
    """Each group's hosts: instances in service, with `standby="in"` also those in standby.

    An instance's tag `slackwater:groups` says which groups it is in; `groups` are those of one without the tag.
    `address` is where ssh goes; `data` goes to every host. Raises CloudError where hosts would be changed by an old
    list, SettingsError where no group is named.
    """
    refuse_no_name(scaling_groups)
    cache = Cache.of(environment, Path.cwd())
    members = _members(cache, scaling_groups, region, endpoint)
    if not os.environ.get(OFFLINE):  # an old list does not know who boots now
        note({member.instance: member.state for member in members if "app" in (member.groups or groups)})
    wanted = {"InService"} | ({"Standby"} if standby == "in" else set())
    found: dict[str, list[Host]] = {group: [] for group in (*ALWAYS, *groups)}
    for member in _described(member for member in members if member.state in wanted):
        host = (_name(member, names), {**_data(member, region, address), **(data or {})})
        for group in member.groups or groups:
            found.setdefault(group, []).append(host)
    return found


def _described(members: Iterable[Member]) -> Iterator[Member]:
    """Without an address ssh would go to the host's name, which may be a stranger's; settings are checked without."""
    for member in members:
        if member.private or purpose() is Purpose.CHECK:
            yield member
        else:
            say(f"EC2 does not describe {member.instance} of {member.scaling_group} (yet): it is left out")


def _members(cache: Cache, names: Sequence[str], region: str, endpoint: str | None) -> Sequence[Member]:
    place = f"{endpoint or 'aws'}/{region}"
    wish = os.environ.get(OFFLINE, "")
    if wish:
        return _without_aws(cache.read(place, names), cache, names, f"{OFFLINE} is set", wish)
    try:
        found = read(names, region, endpoint)
    except CloudError as error:
        return _without_aws(cache.read(place, names), cache, names, str(error), wish)
    cache.write(place, names, found.members)
    for name in found.absent:
        say(f"there is no Auto Scaling group {name} in {region} (yet): it has no members here")
    return found.members or _nobody(names)


def _without_aws(known: Known | None, cache: Cache, names: Sequence[str], why: str, wish: str) -> Sequence[Member]:
    """An old list for those who change nothing; for others only when they asked for it."""
    goal, whose = purpose(), ", ".join(names)
    if known and (goal is not Purpose.ACT or wish == "run"):
        say(f"{why}. The members of {whose} are those of {known.age()}, from {cache.path}")
        return known.members or _nobody(names)
    if goal is Purpose.CHECK:
        say(f"{why}. One host stands for the members of {whose}; sign in to AWS (AWS_PROFILE) to see them")
        return _stand_ins(names)
    raise CloudError(f"the members of {whose} are not known: {why}. {_way_on(known)}")


def _way_on(known: Known | None) -> str:
    sign_in = "Sign in to AWS (AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY)"
    if known is None:
        return f"{sign_in}; no earlier reading is there to go by"
    return f"{sign_in}, or take the list of {known.age()} with {OFFLINE}=run: {STRANGERS}"


def _nobody(names: Sequence[str]) -> Sequence[Member]:
    return _stand_ins(names) if purpose() is Purpose.CHECK else ()


def _stand_ins(names: Sequence[str]) -> list[Member]:
    """So that the settings are checked as those of a host, though none is known; nobody connects to it."""
    return [Member(name, name, "InService", "") for name in names]


def _name(member: Member, names: str) -> str:
    """The same as long as the instance lives: several may bear one Name, so the tag alone would not do."""
    if names == "tag" and member.name:
        return f"{plain(member.name)}-{member.instance.removeprefix('i-')[-8:]}"
    return member.instance


def _data(member: Member, region: str, address: Address) -> dict[str, Any]:
    reached = {"private": member.private, "public": member.public or member.private, "instance": member.instance}
    told = {"ssh_hostname": reached[address], "address": member.private, "instance": member.instance}
    told |= {"region": region, "zone": member.zone}
    return {key: value for key, value in told.items() if value}
