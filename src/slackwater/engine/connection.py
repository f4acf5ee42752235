"""`connection` of the group data as pyinfra's own words, for each host; EC2 Instance Connect where it is asked for."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import cache, partial
from io import StringIO
from pathlib import Path
from typing import Any

from paramiko import Ed25519Key, SSHException, Transport
from pyinfra.api import Inventory, State

from slackwater.aws.clients import Clients
from slackwater.engine.transport import nodelay
from slackwater.errors import CloudError, SettingsError
from slackwater.inventory.naming import plain
from slackwater.settings.connection import Ssh

KWARGS = "ssh_paramiko_connect_kwargs"
BASTION = """\
# Written by Slackwater for Ssh(bastion=…). Options of the operator's own configuration come after ours.
Host {host}
  HostName {host}
{login}  StrictHostKeyChecking {checking}
  UserKnownHostsFile {known}
Host * !{host}
  ProxyJump {bastion}
Host *
  ConnectTimeout {timeout}
Include ~/.ssh/config
"""


def before_connecting(state: State, project: Path) -> None:
    """pyinfra's connectors take their data when the state is given its inventory: `connection` is spread before."""
    init = state.init

    def spread_first(inventory: Inventory, *arguments: Any, **more: Any) -> None:
        spread(inventory, project)
        init(inventory, *arguments, **more)

    state.init = spread_first  # type: ignore[method-assign]


def spread(inventory: Inventory, project: Path) -> None:
    """Adds what `connection` says to each host's data; what is there already stays."""
    for host in inventory:
        told = host.data.get("connection")
        if isinstance(told, Ssh) and not str(host.name).startswith("@"):
            own = inventory.host_data[host.name]
            for key, value in words(told, host.name, project).items():
                if host.data.get(key) is None:
                    own[key] = value
            if told.instance_connect:
                own[KWARGS] = _connect(told, host, project)


def words(told: Ssh, name: str, project: Path) -> dict[str, Any]:
    """Host data of pyinfra's ssh connector."""
    found: dict[str, Any] = {
        "ssh_user": told.user,
        "ssh_port": told.port,
        "ssh_strict_host_key_checking": _checking(told),
        "ssh_known_hosts_file": str(known_hosts(told, name, project)),
        "ssh_connect_retries": told.retries,
        "ssh_connect_retry_min_delay": told.pause / 3,
        "ssh_connect_retry_max_delay": float(told.pause),
        KWARGS: _kwargs(told),
    }
    if told.key or told.instance_connect:
        # Each key that is tried costs round trips, and sshd closes the door after six.
        found |= {"ssh_allow_agent": False, "ssh_look_for_keys": False}
    if told.key:
        found["ssh_key"] = str(project / told.key)
    if told.config:
        found["ssh_config_file"] = str(project / told.config)
    elif told.bastion:
        found["ssh_config_file"] = str(_bastion_file(told, project))
    return found


def _checking(told: Ssh) -> str:
    """As ssh writes it."""
    return "yes" if told.host_keys == "strict" else "accept-new"


def _kwargs(told: Ssh) -> dict[str, Any]:
    return {"transport_factory": nodelay, "timeout": told.timeout, "banner_timeout": told.timeout * 3}


def known_hosts(told: Ssh, name: str, project: Path) -> Path:
    """One file a host, there before it is read: pyinfra warns of one that is not."""
    file = project / told.known_hosts / plain(name)
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    file.touch(mode=0o600)
    return file


def _bastion_file(told: Ssh, project: Path) -> Path:
    """pyinfra knows jump hosts from a configuration file alone, and asks at the terminal for a jump host's key."""
    bastion = str(told.bastion)
    user, _, place = bastion.rpartition("@")
    host, _, port = place.partition(":")
    lines = {"User": user, "Port": port, "IdentityFile": str(project / told.key) if told.key else ""}
    login = "".join(f"  {key} {value}\n" for key, value in lines.items() if value)
    known = known_hosts(told, host, project)
    words = {"host": host, "login": login, "checking": _checking(told), "known": known, "bastion": bastion}
    text = BASTION.format(**words, timeout=told.timeout)
    file = project / ".slackwater" / f"ssh-{hashlib.sha256(text.encode()).hexdigest()[:12]}.config"
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    file.write_text(text)
    return file


def _connect(told: Ssh, host: Any, project: Path) -> dict[str, Any]:
    """The key goes out once sshd has taken the connection, at each attempt: a minute is short for a booting host."""
    instance, region = host.data.get("instance"), host.data.get("region")
    if not (instance and region):
        raise SettingsError(
            f"{host.name}: Ssh(instance_connect=True) needs the host's `instance` (its id) and `region`; "
            "inventories made by slackwater.inventory have them"
        )
    user = host.data.get("ssh_user") or told.user
    send = partial(send_key, Clients(region, host.data.get("aws_endpoint")), instance, user)
    return {**_kwargs(told), "transport_factory": partial(_sent_first, send), "pkey": run_key()}


def _sent_first(send: Callable[[], None], sock: Any, **options: Any) -> Transport:
    send()
    return nodelay(sock, **options)


@cache
def run_key() -> Ed25519Key:
    """Made for this process and in its memory alone: there is no file that somebody could read or forget."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    made = Ed25519PrivateKey.generate()
    text = made.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()).decode()
    return Ed25519Key.from_private_key(StringIO(text))


def send_key(clients: Clients, instance: str, user: str) -> None:
    """https://docs.aws.amazon.com/ec2-instance-connect/latest/APIReference/API_SendSSHPublicKey.html"""
    key = run_key()
    public = f"{key.get_name()} {key.get_base64()}"
    try:
        clients.ask(
            "ec2-instance-connect",
            "send_ssh_public_key",
            InstanceId=instance,
            InstanceOSUser=user,
            SSHPublicKey=public,
        )
    except CloudError as error:
        raise SSHException(str(error)) from error
