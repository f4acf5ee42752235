"""What makes a host this host and no other: the files that its disk begins with, and the names all hosts know."""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import Iterable
from pathlib import Path

from slackwater.lab._run import run
from slackwater.lab.addressing import GROUPS, METADATA, WIDE, Network, names

KEY = "id_ed25519"
KNOWN_HOSTS = "known_hosts"
PROXY_PORT = 3128
AUTHORITIES = "/etc/ssl/certs/ca-certificates.crt"
_LOGINS = (("root", 0), ("home/admin", 1000))
_HOST_KEY = Path("etc/ssh/ssh_host_ed25519_key")


def make_key(file: Path, comment: str) -> None:
    """Renamed into place with its public half already there: a killed command leaves no lone half."""
    if file.exists():
        return
    begun = file.with_name(f".{file.name}")
    for half in (begun, begun.with_name(f"{begun.name}.pub")):
        half.unlink(missing_ok=True)
    run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", comment, "-f", str(begun))
    Path(f"{begun}.pub").replace(f"{file}.pub")
    begun.replace(file)


def make_seed(directory: Path, network: Network, host: str, key: Path) -> None:
    """Everything under `directory`/seed as it will lie on the host's disk; complete or not there."""
    begun, seed = directory / ".seed", directory / "seed"
    if seed.exists():
        return
    shutil.rmtree(begun, ignore_errors=True)
    for path, text in _files(network, host).items():
        _write(begun / path, text)
    _write_keys(begun, host, key)
    begun.replace(seed)


def _files(network: Network, host: str) -> dict[str, str]:
    proxy = f"http://{network.machine_side}:{PROXY_PORT}"
    return {
        "etc/hostname": f"{host}\n",
        "etc/machine-id": f"{uuid.uuid4().hex}\n",
        # Nothing listens there, so a lookup is refused at once; a server that is out of reach costs 5-30 s each.
        "etc/resolv.conf": "nameserver 127.0.0.1\n",
        "etc/apt/apt.conf.d/80proxy": "".join(
            f'{option} "{value}";\n'
            for option, value in (
                ("Acquire::http::Proxy", proxy),
                ("Acquire::https::Proxy", proxy),
                ("Acquire::http::Pipeline-Depth", "0"),
            )
        ),
        "etc/environment": _environment(proxy),
    }


def _environment(proxy: str) -> str:
    # no_proxy knows no patterns: a host beyond the ninth of its group is reached past the proxy by its address.
    hosts = [name for group in GROUPS for name in names(group, 9)]
    # Nor do all programs know networks there: the machine, where the lab's cloud listens, is named as well.
    machine = proxy.removeprefix("http://").partition(":")[0]
    direct = ",".join(("localhost", "127.0.0.1", METADATA, machine, str(WIDE), *hosts))
    values = {"http_proxy": proxy, "https_proxy": proxy, "no_proxy": direct}
    values |= dict.fromkeys(("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "PIP_CERT"), AUTHORITIES)
    return "".join(f"{name}={value}\n" for name, value in values.items())


def _write(file: Path, text: str) -> None:
    file.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    file.write_text(text)
    file.chmod(0o644)


def _write_keys(seed: Path, host: str, key: Path) -> None:
    (seed / _HOST_KEY).parent.mkdir(parents=True)
    make_key(seed / _HOST_KEY, host)
    for home, owner in _LOGINS:
        keys = seed / home / ".ssh/authorized_keys"
        _write(keys, Path(f"{key}.pub").read_text())
        for path in (keys, keys.parent, keys.parent.parent):
            os.chown(path, owner, owner)
        # sshd refuses keys in a directory that others may write.
        keys.parent.chmod(0o700)
        keys.parent.parent.chmod(0o700)


def hosts_file(network: Network, host: str, names: Iterable[str]) -> str:
    """/etc/hosts of one host: there is no name server, so this is how hosts know each other."""
    everyone = "".join(f"{network.address(name)} {name}\n" for name in names)
    return f"127.0.0.1 localhost\n127.0.1.1 {host}\n::1 localhost ip6-localhost\n{everyone}"


def known_hosts(network: Network, directories: Iterable[Path]) -> str:
    """One line a host, by address and by name; `directories` bear the hosts' names."""
    lines = []
    for directory in directories:
        kind, key = (directory / "seed" / f"{_HOST_KEY}.pub").read_text().split()[:2]
        lines.append(f"{network.address(directory.name)},{directory.name} {kind} {key}\n")
    return "".join(lines)


def write_whole(file: Path, text: str) -> None:
    """A reader sees the old text or the new one."""
    begun = file.with_name(f".{file.name}")
    begun.write_text(text)
    begun.replace(file)
