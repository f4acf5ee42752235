"""One host of a lab: its verbs are those of a VM and of whoever stands beside it in the machine room."""

from __future__ import annotations

import socket
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Literal

from slackwater.errors import LabError
from slackwater.lab import network as cables
from slackwater.lab._run import LAST_LINES
from slackwater.lab.addressing import Network
from slackwater.lab.identity import KEY, KNOWN_HOSTS
from slackwater.lab.places import Places
from slackwater.lab.power import Power
from slackwater.lab.records import HostRecord

# An unloaded machine boots a host in a second; six at once on two busy cores took 19.
BOOT_LIMIT = 120.0
# A host that is off or unplugged never answers; on a bridge of this machine an answer takes milliseconds.
ANSWER_LIMIT = 1.0
# As long as a boot may take on a busy machine: after that, silence means trouble, not patience.
STARTING_FOR = 60.0
# A command that hangs must not hang the test or the tool that asked for it.
COMMAND_LIMIT = 120.0
# A launcher that is not there after this long has failed, and its console says why.
OFF_LIMIT = 3.0
# A shutdown waits for units that will not stop: systemd's own limit is 90 s.
SHUTDOWN_LIMIT = 120.0
PAUSE = 0.05
BOOTED = ("running", "degraded")


class HostState(Enum):
    """What an operator sees from outside."""

    RUNNING = "running"
    STARTING = "starting"
    OFF = "off"
    UNREACHABLE = "unreachable"


@dataclass(frozen=True)
class LabHost:
    """Root's and admin's shell by ssh, with the lab's key and a host key that is checked."""

    record: HostRecord
    lan: Network
    places: Places

    @property
    def name(self) -> str:
        return self.record.name

    @property
    def group(self) -> str:
        return self.record.group

    @property
    def suite(self) -> str:
        return self.record.suite

    @property
    def address(self) -> str:
        return self.lan.address(self.name)

    @property
    def directory(self) -> Path:
        return self._lab / "hosts" / self.name

    @property
    def console(self) -> Path:
        """What the launcher and systemd said on the console, of all boots."""
        return self.power.console

    @property
    def power(self) -> Power:
        image = self.places.images / self.record.image
        return Power(self.lan, self.name, self.directory, image)

    @property
    def _lab(self) -> Path:
        return self.places.labs / self.lan.name

    @property
    def _unplugged(self) -> Path:
        return self.directory / "unplugged"

    def state(self) -> HostState:
        if not self.power.is_on():
            return HostState.OFF
        if self._answers():
            return HostState.RUNNING
        started = max(self.power.boots(), default=time.time())
        return HostState.STARTING if time.time() - started < STARTING_FOR else HostState.UNREACHABLE

    def ssh_command(self, user: str = "root") -> list[str]:
        """The words before the remote command; only the lab's key, only the host's own key, no question asked."""
        options = {
            "UserKnownHostsFile": str(self._lab / KNOWN_HOSTS),
            "StrictHostKeyChecking": "yes",
            "IdentitiesOnly": "yes",
            "BatchMode": "yes",
            "ConnectTimeout": "5",
            "LogLevel": "ERROR",
            # What OpenSSH would choose against quantum computers takes six times the processor, each time.
            "KexAlgorithms": "curve25519-sha256",
        }
        words = [word for name, value in options.items() for word in ("-o", f"{name}={value}")]
        return ["ssh", "-F", "none", "-i", str(self._lab / KEY), *words, f"{user}@{self.address}"]

    def ssh(
        self,
        command: str,
        *,
        user: str = "root",
        input: str | None = None,  # noqa: A002 - as in subprocess.run
        timeout: float = COMMAND_LIMIT,
    ) -> subprocess.CompletedProcess[str]:
        """Runs `command` in the remote shell. The exit status is the command's; 255 is ssh's own.

        Raises LabError when it takes longer than `timeout` seconds.
        """
        words = [*self.ssh_command(user), command]
        # Without something to read ssh would take the terminal's input away from whoever called us.
        stdin = subprocess.DEVNULL if input is None else None
        try:
            return subprocess.run(
                words, input=input, stdin=stdin, capture_output=True, text=True, timeout=timeout, check=False
            )
        except subprocess.TimeoutExpired as error:
            raise LabError(f"{self.name}: `{command}` was not done after {timeout:g} s") from error

    def power_cut(self) -> None:
        """Pulls the plug: no process of the host gets to say goodbye; the disk stays.

        The cable goes first: the kernel would close a killed process's connections in due form.
        """
        cables.switch(self.lan, self.name, "down")
        if not self.power.cut():
            raise LabError(f"{self.name}: a process would not die after SIGKILL; it hangs in the kernel (`ps axl`)")

    def shut_down(self, limit: float = SHUTDOWN_LIMIT) -> None:
        """As its own `poweroff`; after `limit` seconds, or where it does not listen, the plug is pulled."""
        if self.state() is HostState.RUNNING:
            deadline = time.monotonic() + limit
            with suppress(LabError):  # a shell that hangs behind an sshd that answers would keep the host on for ever
                self.ssh("systemctl --no-block poweroff", timeout=limit)
            while self.power.is_on() and time.monotonic() < deadline:
                time.sleep(PAUSE)
        self.power_cut()

    def start(self) -> None:
        """Powers on a host that is off: same disk, same address, no connection of before. Does not wait for it."""
        if not self.power.is_on():
            self.power.cut()
            cables.plug(self.lan, self.name)
            self.power.on()

    def reboot(self) -> None:
        """Asks the host to restart and returns when it has gone down and is booting again."""
        before = len(self.power.boots())
        self.ssh("systemctl reboot")
        self._wait_for(lambda: len(self.power.boots()) > before, SHUTDOWN_LIMIT, "did not go down to reboot")

    def network(self, to: Literal["on", "off"]) -> None:
        """Pulls the network cable or plugs it in again; it stays so over reboots and power cuts."""
        if to == "off":
            self._unplugged.touch()
            cables.switch(self.lan, self.name, "down")
        else:
            self._unplugged.unlink(missing_ok=True)
            cables.switch(self.lan, self.name, "up" if self.power.is_on() else "down")

    def wait_for_ssh(self, limit: float = BOOT_LIMIT) -> None:
        """Until sshd answers, which is before every unit has started."""
        self._wait_for(self._answers, limit, "does not answer on port 22")

    def wait_until_ready(self, limit: float = BOOT_LIMIT) -> None:
        """Until systemd has started everything, so that any user may log in."""
        self.wait_for_ssh(limit)
        self._wait_for(self._has_booted, limit, "has not finished booting")

    def _answers(self) -> bool:
        """Whether the greeting of an ssh server comes; an accepted connection alone proves nothing."""
        try:
            with socket.create_connection((self.address, 22), ANSWER_LIMIT) as connection:
                connection.settimeout(ANSWER_LIMIT)
                return connection.recv(4) == b"SSH-"
        except OSError:
            return False

    def _has_booted(self) -> bool:
        return self.ssh("systemctl is-system-running --wait").stdout.strip() in BOOTED

    def _wait_for(self, condition: Callable[[], bool], limit: float, complaint: str) -> None:
        """Raises LabError with the console's last lines when `limit` seconds have passed or the host is off."""
        seen_on = time.monotonic()
        deadline = seen_on + limit
        while not condition():
            now = time.monotonic()
            seen_on = now if self.power.is_on() else seen_on
            if now > deadline or now > seen_on + OFF_LIMIT:
                raise LabError(f"{self.name} {complaint} ({self.state().value}). Its console:\n{self._last_words()}")
            time.sleep(PAUSE)

    def _last_words(self) -> str:
        lines = self.console.read_text(errors="replace").splitlines() if self.console.exists() else []
        return "\n".join(lines[-LAST_LINES:])
