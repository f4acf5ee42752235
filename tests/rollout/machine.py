"""Hosts as the tests hold them: reset, told how to behave, frozen, killed and looked at."""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import paramiko

HERE = Path(__file__).parent
LIMIT = 30.0
"""Seconds for whatever a test waits for, on a busy machine; reaching it is a failure."""
PAUSE = 0.02


def until(true: Callable[[], object], what: Callable[[], str] | str) -> None:
    """Waits for a condition, bounded; `what` is shown when it never came."""
    deadline = time.monotonic() + LIMIT
    while not true():
        assert time.monotonic() < deadline, what if isinstance(what, str) else what()
        time.sleep(PAUSE)


@dataclass
class Machine:
    """A host of its own address; the ports are the same on all."""

    name: str
    home: Path
    address: str
    ports: tuple[int, int]
    key: Path
    process: subprocess.Popen[bytes] | None = field(default=None, init=False)

    def start(self) -> None:
        """Returns before it listens: several start side by side."""
        self.home.mkdir(parents=True, exist_ok=True)
        words = [self.home, self.address, *self.ports, self.key]
        command = [sys.executable, str(HERE / "server.py"), *map(str, words)]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE)

    def await_ready(self) -> None:
        assert self.process
        assert self.process.stdout
        assert b"ready\n" == self.process.stdout.readline(), f"{self.name} did not start"

    def signal(self, number: int) -> None:
        assert self.process
        self.process.send_signal(number)

    def kill(self) -> None:
        """As when the power goes, but that commands at work there go on."""
        if self.process:
            self.signal(signal.SIGKILL)
            self.process.communicate()
            self.process = None

    def revive(self) -> None:
        self.start()
        self.await_ready()

    def reset(self, release: str | None, *earlier: str, is_new: bool = False) -> None:
        """On `release`, told nothing; whatever was at work there has ended. A new one lacks even the program.

        To `earlier` releases it can go back.
        """
        if self.process is None:
            self.revive()
        self.signal(signal.SIGCONT)
        self.forget()
        shutil.rmtree(self.home)
        programs, package = self.home / "usr/local/sbin", self.home / "package"
        for folder in (programs, package, self.home / "told"):
            folder.mkdir(parents=True)
        for program in (HERE / "sbin").iterdir():
            is_app = program.name == "slackwater-slots"
            for folder in [package] if is_app and is_new else [package, programs] if is_app else [programs]:
                shutil.copy(program, folder)
                (folder / program.name).chmod(0o755)
        for file in ("restarts", "calls", "hooks"):
            (self.home / file).write_text("")
        (self.home / "proved").write_text("".join(f"{each}\n" for each in (*earlier, release) if each))
        (self.home / "live").write_text(f"{release}-1\n" if release else "")

    def forget(self) -> None:
        """Ends what a switch was told to wait for, and waits for it."""
        shutil.rmtree(self.home / "told", ignore_errors=True)
        with suppress(FileNotFoundError), (self.home / "lock").open("r+") as file:
            fcntl.flock(file, fcntl.LOCK_EX)

    def tell(self, what: str, text: str = "") -> None:
        """How it behaves from now on: see sbin/slackwater-slots and server.py."""
        new = self.home / f"told.{what}"
        new.write_text(text)
        new.rename(self.home / "told" / what)

    def untell(self, what: str) -> None:
        (self.home / "told" / what).unlink()

    @property
    def release(self) -> str | None:
        return (self.home / "live").read_text().strip().rpartition("-")[0] or None

    @property
    def calls(self) -> list[str]:
        """The verbs it was sent, in order."""
        return [line.strip() for line in (self.home / "calls").read_text().splitlines()]

    @property
    def hooks(self) -> list[str]:
        return (self.home / "hooks").read_text().splitlines()

    def await_call(self, call: str, times: int = 1) -> None:
        """It was sent that verb, and is perhaps at work on it."""
        until(lambda: self.calls.count(call) >= times, lambda: f"{self.name}: {self.calls}")

    def changes(self) -> list[str]:
        """Without those that only look."""
        return [call for call in self.calls if not call.startswith("status")]

    def is_whole(self) -> bool:
        """No slot is kept, nothing is at work."""
        with (self.home / "lock").open("a") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return False
        return not (self.home / "standby").exists()

    def data(self) -> dict[str, object]:
        return {"ssh_hostname": self.address, "ssh_port": self.ports[0]}


def free_ports(addresses: list[str], count: int) -> tuple[int, ...]:
    """Ports that nobody has on any of the addresses."""
    found: list[int] = []
    while len(found) < count:
        with socket.socket() as first:
            first.bind((addresses[0], 0))
            port = first.getsockname()[1]
            if all(_is_free(address, port) for address in addresses[1:]):
                found.append(port)
    return tuple(found)


def _is_free(address: str, port: int) -> bool:
    with socket.socket() as other, suppress(OSError):
        other.bind((address, port))
        return True
    return False


def machines(names: list[str], folder: Path) -> dict[str, Machine]:
    """Started; all have the same key, and `folder/known_hosts` says so."""
    addresses = [f"127.83.{os.getpid() % 250}.{number}" for number in range(1, len(names) + 1)]
    ssh_port, app_port = free_ports(addresses, 2)
    key, file = paramiko.ECDSAKey.generate(), folder / "key"
    key.write_private_key_file(str(file))
    lines = [f"[{address}]:{ssh_port} {key.get_name()} {key.get_base64()}\n" for address in addresses]
    (folder / "known_hosts").write_text("".join(lines))
    made = {
        name: Machine(name, folder / name, address, (ssh_port, app_port), file)
        for name, address in zip(names, addresses, strict=True)
    }
    for machine in made.values():
        machine.start()
    for machine in made.values():
        machine.await_ready()
    return made


def as_python(hosts: list[Machine]) -> str:
    return repr([(host.name, host.data()) for host in hosts])
