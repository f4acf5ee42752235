"""What the agent is told, from its file; read whole or not at all."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from pathlib import Path

from .given import ConfigurationError, Given
from .members import HEAVIEST, MOST_MEMBERS, NAME, Member, Place

HEADER = re.compile(r"([A-Za-z0-9-]+): *(.*)")
HOST = re.compile(r"[A-Za-z0-9._:\[\]-]+")
URL_PATH = re.compile(r"/[!-~]*")


@dataclass(frozen=True)
class Inventory:
    members: tuple[Member, ...]
    kind = "inventory"


@dataclass(frozen=True)
class AutoScaling:
    groups: tuple[str, ...]
    port: int
    region: str | None = None
    endpoint: str | None = None
    interval: float = 5.0
    weight: int = 100
    kind = "auto_scaling"


@dataclass(frozen=True)
class Dns:
    name: str
    port: int
    interval: float = 5.0
    weight: int = 100
    backup: bool = False
    kind = "dns"


Told = Inventory | AutoScaling | Dns


@dataclass(frozen=True)
class Checks:
    """How backends are asked. `body` and `header` are looked for in what the live path answers."""

    live: str = "/.slackwater/live"
    ready: str | None = "/.slackwater/ready"
    interval: float = 1.0
    timeout: float = 4.0
    ready_interval: float = 10.0
    status: tuple[int, int] = (200, 299)
    body: str | None = None
    header: tuple[str, str] | None = None
    host: str | None = None
    tls: bool = False


@dataclass(frozen=True)
class Rules:
    """What the policy goes by: answers in a row, percents, seconds."""

    rise: int = 2
    fall: int = 3
    floor: int = 50
    ready_floor: int = 10
    slow_start: int = 30


@dataclass(frozen=True)
class Configuration:
    sources: tuple[Told, ...]
    checks: Checks = field(default_factory=Checks)
    rules: Rules = field(default_factory=Rules)
    api: Path = Path("/run/slackwater-balancer/members.sock")
    state: Path = Path("/var/lib/slackwater/balancer/members.json")
    cut: Path = Path("/run/slackwater-balancer/cut.sock")
    reloaded: Path = Path("/run/slackwater-balancer/reloaded.json")
    page: tuple[str, int] = ("127.0.0.1", 8082)
    writer: str = "lua"


def load(path: Path) -> Configuration:
    """Raises ConfigurationError for whatever is wrong with it."""
    try:
        data = json.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise ConfigurationError(f"{path}: {error}") from error
    return parse(data, path.name)


def parse(data: object, where: str = "upstreams.json") -> Configuration:
    given = Given(data, where)
    weight = given.part("policy").whole("weight", 1, HEAVIEST, 100)
    sources = tuple(_source(part, weight) for part in given.parts("membership"))
    if not sources:
        raise ConfigurationError(f"{where}.membership must name at least one source")
    paths = {key: Path(given.text(key)) for key in ("api", "state", "cut", "reloaded") if given.value(key, None)}
    return Configuration(
        sources,
        _checks(given.part("checks")),
        _rules(given),
        page=_page(given),
        writer=given.choice("writer", ("lua", "reload"), "lua"),
        **paths,
    )


def _source(given: Given, weight: int) -> Told:
    match given.choice("kind", ("inventory", "auto_scaling", "dns")):
        case "inventory":
            return Inventory(_members(given, weight))
        case "dns":
            return Dns(given.text("name"), _port(given), given.seconds("interval", 5), *_share(given, weight))
    groups = given.value("groups")
    if not (isinstance(groups, list) and groups and all(isinstance(name, str) and name for name in groups)):
        raise ConfigurationError(f"groups must be a list of Auto Scaling groups' names, not {groups!r:.80}")
    region, endpoint = given.text_or_none("region"), given.text_or_none("endpoint")
    return AutoScaling(tuple(groups), _port(given), region, endpoint, given.seconds("interval", 5), weight)


def _port(given: Given) -> int:
    return given.whole("port", 1, 65535)


def _members(given: Given, weight: int) -> tuple[Member, ...]:
    members = tuple(_member(part, weight) for part in given.parts("members"))
    for what, values in (("name", {m.name for m in members}), ("place", {m.place for m in members})):
        if len(values) < len(members):
            raise ConfigurationError(f"two members of the inventory have the same {what}")
    if len(members) > MOST_MEMBERS:
        raise ConfigurationError(f"an inventory may have {MOST_MEMBERS} members, not {len(members)}")
    return members


def _member(given: Given, weight: int) -> Member:
    name = given.text("name")
    if not NAME.fullmatch(name):
        raise ConfigurationError(f"a member's name must be up to 128 of A-Z a-z 0-9 . _ -, not {name!r:.80}")
    place = Place(given.address("address"), _port(given))
    return Member(name, place, *_share(given, weight))


def _share(given: Given, weight: int) -> tuple[int, bool]:
    return given.whole("weight", 1, HEAVIEST, weight), given.switch("backup", False)


def _checks(given: Given) -> Checks:
    header = given.text_or_none("header")
    found = HEADER.fullmatch(header) if header else None
    if header and not found:
        raise ConfigurationError(f"checks.header must be such as 'X-Health: ok', not {header!r:.80}")
    ready = given.value("ready", Checks.ready)
    return Checks(
        live=_path(given.text("live", Checks.live)),
        ready=None if ready is None else _path(given.text("ready", Checks.ready)),
        interval=given.seconds("interval", 1),
        timeout=given.seconds("timeout", 4, most=60),
        ready_interval=given.seconds("ready_interval", 10),
        status=_status(given.value("status", [200, 299])),
        body=given.text_or_none("body"),
        header=(found[1].lower(), found[2]) if found else None,
        host=_host(given.text_or_none("host")),
        tls=given.switch("tls", False),
    )


def _path(text: str) -> str:
    """It goes into a request line, where a space would end it."""
    if not URL_PATH.fullmatch(text):
        raise ConfigurationError(f"a path to ask must begin with '/' and hold no space, not {text!r:.80}")
    return text


def _host(text: str | None) -> str | None:
    if text is not None and not HOST.fullmatch(text):
        raise ConfigurationError(f"checks.host must be a host name, not {text!r:.80}")
    return text


def _status(value: object) -> tuple[int, int]:
    match value:
        case [int(least), int(most)] if 100 <= least <= most <= 599:
            return least, most
    raise ConfigurationError(f"checks.status must be two numbers from 100 to 599, the smaller first, not {value!r:.80}")


def _rules(given: Given) -> Rules:
    checks, policy = given.part("checks"), given.part("policy")
    return Rules(
        rise=checks.whole("rise", 1, 100, 2),
        fall=checks.whole("fall", 1, 100, 3),
        floor=policy.whole("floor", 0, 100, 50),
        ready_floor=policy.whole("ready_floor", 1, 100, 10),
        slow_start=policy.whole("slow_start", 0, 3600, 30),
    )


def _page(given: Given) -> tuple[str, int]:
    match given.value("page", ["127.0.0.1", 8082]):
        case [str(address), int(port)] if 0 <= port <= 65535:
            return address, port
        case other:
            raise ConfigurationError(f"page must be an address and a port, not {other!r:.80}")
