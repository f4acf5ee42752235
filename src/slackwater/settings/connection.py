"""Ssh: how a run that is pushed reaches its hosts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal

from slackwater.settings._base import Settings
from slackwater.settings._faults import Fault
from slackwater.settings._fields import choice, switch, text, whole

HostKeys = Literal["accept-new", "strict"]
USER = r"^[A-Za-z_][A-Za-z0-9._-]{0,31}$"
BASTION = re.compile(r"([A-Za-z_][A-Za-z0-9._-]{0,31}@)?[A-Za-z0-9][A-Za-z0-9.-]{0,252}(:[0-9]{1,5})?")
KEY_LIFE = 60
"""Seconds that EC2 Instance Connect keeps a key; each attempt to connect sends a new one."""


class Ssh(Settings):
    """In group data as `connection`. What the inventory or group data say in pyinfra's own words (`ssh_user`,
    `ssh_key` and the like) wins over it."""

    user: str = text(
        "admin", "Who logs in; sudo makes it root.", pattern=USER, allowed="a user's name", example="admin"
    )
    port: int = whole(22, "Where sshd listens.", least=1, most=65535)
    key: str | None = text(
        None,
        "A private key's file, relative to the project; None takes ssh's agent and the operator's own keys.",
        allowed="a path",
    )
    bastion: str | None = text(
        None,
        "The host that all connections go through.",
        allowed="a host as 'user@bastion.example.com:22', of which user and port may be left out",
    )
    config: str | None = text(
        None,
        "An ssh configuration file of the project's own, read instead of the operator's; for sessions of the Systems "
        "Manager a ProxyCommand stands there.",
        allowed="a path",
    )
    host_keys: HostKeys = choice(
        "accept-new",
        "A host that is met for the first time: its key is taken and kept, or it is refused. A key that is not the "
        "one that was kept is refused either way.",
        ("accept-new", "strict"),
    )
    known_hosts: str = text(
        ".slackwater/known_hosts",
        "The directory of the hosts' keys, one file a host: an address that another instance has got is no conflict.",
        allowed="a path relative to the project",
    )
    instance_connect: bool = switch(
        False, "Log in with a key made for this run alone, sent by EC2 Instance Connect and valid for a minute."
    )
    retries: int = whole(20, "Attempts after the first: an instance that boots has no sshd yet.", most=100)
    pause: int = whole(
        3,
        "Between two attempts, at most; at random, so that a fleet does not come at once.",
        unit="seconds",
        least=1,
        most=60,
    )
    timeout: int = whole(10, "For one attempt to reach the host.", unit="seconds", least=1, most=300)

    def conflicts(self) -> Iterator[Fault]:
        if self.bastion is not None and not BASTION.fullmatch(self.bastion):
            yield self.fault("bastion", "must be a host such as 'admin@bastion.example.com:22'")
        if self.bastion is not None and self.config is not None:
            yield self.fault("config", "must be None with a bastion: write the jump into that file instead")
        if self.instance_connect and self.key is not None:
            yield self.fault("key", "must be None with instance_connect, which makes a key for each run")
