"""The ways to bring a release to a host that are compared, each with exactly what it does.

All of them run the same program: the slot's own interpreter and packages, its own gunicorn settings (workers, worker
class, timeouts) and a unit with the same restart and stop settings. The others' code lies on the host before the
command is typed; Slackwater's must still get there. The code changes, the packages stay as they are.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Protocol

from benchmarks.bench import CommandError
from benchmarks.shop import HOME, HOST, Shop

PORTS = ("9101", "9102")
BACKEND = "/etc/nginx/bench-backend.conf"
"""nginx's upstream server of the other ways; in a folder that no converge looks at."""
HEALTHY_TRIES = 150
"""Times 0.2 s: Kamal gives a new container 30 s too."""
IDLE_TRIES = 300
"""Times 0.1 s: Kamal gives the old one 30 s to finish what it has taken."""
START_LIMIT = 30.0
"""Seconds for the untimed start before a measurement."""
BAKE = "5"
"""Seconds that a rollout watches the host before it is done; the release is live before."""


class Way(Protocol):
    """`live` is the release that serves; `port` (of the host) and `balancer_port` are where it is asked."""

    label: str
    shop: Shop
    live: str
    port: int
    balancer_port: int
    units: str

    def begin(self) -> None:
        """Untimed: `live` serves afterwards."""

    def prepare(self, release: str) -> None:
        """Untimed: what must lie on the host before the command."""

    def release(self, release: str) -> int:
        """What is measured: the command that an operator types. Its exit status."""

    def restore(self) -> None:
        """What the operator types when the release was broken, so that `live` serves again."""

    def end(self) -> None:
        """Untimed: nothing of it runs afterwards."""


@dataclass
class Rollout:
    """`slackwater rollout inventories/local.py --release ID --batch 100% --bake 5`, on the operator's machine.

    Loads the inventory, connects, takes the fleet's lock, sends the archive, unpacks it, writes the new slot's units,
    starts it beside the old one, asks it `ready` on its own socket until it has answered for 3 s without a crash,
    renames nginx's socket, sees it healthy through the balancer, watches it for 5 s, moves the pointer and stops the
    old slot. A broken release ends the command with status 1; there is nothing to restore.
    """

    shop: Shop
    live: str
    label: str = "slackwater rollout"
    port: int = 8000
    balancer_port: int = 80
    units: str = "slackwater-shop@"

    def begin(self) -> None: ...

    def prepare(self, release: str) -> None: ...

    def release(self, release: str) -> int:
        words = self.shop.words("rollout")
        return self.shop.bench.attempt(*words, "--release", release, "--batch", "100%", "--bake", BAKE).returncode

    def restore(self) -> None: ...

    def end(self) -> None: ...


@dataclass
class Restart:
    """`ln -s` of the new release's directory over the old one's, then `systemctl restart`, on the host.

    systemd sends SIGTERM; gunicorn closes its port, finishes what it has taken and ends; systemd starts it anew. Until
    it listens again nginx is refused. gunicorn tells systemd that it is ready before a worker has imported the app.
    Restored by linking the old directory and restarting once more.
    """

    shop: Shop
    live: str
    label: str = "systemctl restart"
    port: int = 9100
    balancer_port: int = 9100
    units: str = "bench@"

    def begin(self) -> None:
        self._on_host(f"{link(PORTS[0], self.live)}; systemctl start {self._held()} bench@{PORTS[0]}; {to(PORTS[0])}")
        answers(self.shop, PORTS[0])
        self._on_host("systemctl reload nginx")

    def prepare(self, release: str) -> None:
        self.shop.place(release)

    def release(self, release: str) -> int:
        return self._status(f"{link(PORTS[0], release)} && {self._command()}")

    def restore(self) -> None:
        self._status(f"{link(PORTS[0], self.live)} && systemctl restart bench@{PORTS[0]}")

    def end(self) -> None:
        self._on_host(f"systemctl stop {self._held()} bench@{PORTS[0]}; systemctl reset-failed")

    def _command(self) -> str:
        return f"systemctl restart bench@{PORTS[0]}"

    def _held(self) -> str:
        return ""

    def _on_host(self, command: str) -> str:
        return self.shop.bench.ssh(HOST, command)

    def _status(self, command: str) -> int:
        return self.shop.bench.lab.host(HOST).ssh(command).returncode


@dataclass
class RestartHeld(Restart):
    """The same `systemctl restart`, but systemd holds the port: a .socket unit beside the service.

    So gunicorn's own guide has it. What comes during the restart waits in the socket's queue (2048 places, as in a
    slot), with a broken release until the old one is restored, the queue is full or somebody's patience is over.
    """

    label: str = "systemctl restart, socket held by systemd"

    def _held(self) -> str:
        return f"bench@{PORTS[0]}.socket"


@dataclass
class Reload(Restart):
    """`ln -s` of the new release's directory over the old one's, then `systemctl reload`, which sends gunicorn HUP.

    gunicorn enters the linked directory anew, forks new workers, which import the new code, and tells the old ones to
    finish at once. The master, its packages and its environment stay the old ones. When a new worker cannot import the
    app, gunicorn ends the whole service. Restored by linking the old directory and `systemctl restart`.
    """

    label: str = "HUP (systemctl reload)"

    def _command(self) -> str:
        return f"systemctl reload bench@{PORTS[0]}"


@dataclass
class PortSwitch(Restart):
    """The new release on another port, nginx's upstream rewritten and reloaded, the old one stopped, on the host.

    Starts the new release on the free one of two ports; asks its `/health/ready` every 0.2 s, 30 s at most; when it
    never answers, stops it and ends with status 1. Else writes the new port into nginx's upstream, `nginx -t`,
    `nginx -s reload`, waits a second and then until the old port has no connection (30 s at most), and only then stops
    the old one. There is nothing to restore.
    """

    label: str = "port switch, nginx reload"
    old: str = PORTS[0]

    def begin(self) -> None:
        self.old = PORTS[0]
        super().begin()

    def release(self, release: str) -> int:
        new = PORTS[1 - PORTS.index(self.old)]
        status = self._status(SWITCH.format(link=link(new, release), to=to(new), new=new, old=self.old))
        self.old = self.old if status else new
        return status

    def restore(self) -> None: ...

    def end(self) -> None:
        self._on_host(f"systemctl stop bench@{self.old}")


SWITCH = f"""set -eu
{{link}}
systemctl start --no-block bench@{{new}}
healthy=
for _ in $(seq {HEALTHY_TRIES}); do
  if curl -fsS -o /dev/null --max-time 2 http://127.0.0.1:{{new}}/health/ready 2>/dev/null; then healthy=1; break; fi
  sleep 0.2
done
[ -n "$healthy" ] || {{{{ systemctl stop bench@{{new}}; exit 1; }}}}
{{to}}
nginx -t -q && nginx -s reload
sleep 1
for _ in $(seq {IDLE_TRIES}); do
  [ -z "$(ss -tnH state established '( sport = :{{old}} )')" ] && break
  sleep 0.1
done
systemctl stop bench@{{old}}
"""


def link(port: str, release: str) -> str:
    """The shell's words that make `release` what is found under the port's name, in one rename."""
    return f"ln -sfn releases/{release} {HOME}/.next && mv -T {HOME}/.next {HOME}/{port}"


def to(port: str) -> str:
    return f"echo 'server 127.0.0.1:{port} max_fails=0;' > {BACKEND}"


def answers(shop: Shop, port: str) -> None:
    """Raises CommandError when it does not in time."""
    deadline, host = time.monotonic() + START_LIMIT, shop.bench.lab.host(HOST)
    while host.ssh(f"curl -fsS -o /dev/null --max-time 2 http://127.0.0.1:{port}/health/ready").returncode:
        if time.monotonic() > deadline:
            raise CommandError(f"{HOST}: nothing answers on port {port} within {START_LIMIT:.0f} s")


def all_ways(shop: Shop, live: str) -> list[Way]:
    return [way(shop, live) for way in (Rollout, Restart, RestartHeld, Reload, PortSwitch)]
