"""What stands around a row, or is done in it: on the leaving host, on a balancer, in metadata."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import requests

from tests.hosts.balancers.desk import agent, until
from tests.hosts.converge.running import out, url
from tests.hosts.drain.bench import HOOK_TIMEOUT, LIMIT, Bench

NO_METADATA = "ip route add unreachable 169.254.169.254/32"
METADATA_AGAIN = "ip route del unreachable 169.254.169.254/32"
RECENT = 60
"""Seconds for which an agent waits for whoever has asked: the next row's leave would, too."""
AWAY = 10.0
"""Seconds without metadata when the notice comes."""
STATE = "/var/lib/slackwater/drain"
ASKERS = "/run/slackwater-drain/balancers.json"
FILL = f"""set -eu
systemctl stop slackwater-drain.service
mount -t tmpfs -o size=4k,uid=$(id -u slackwater),gid=$(id -g slackwater),mode=755 tmpfs {STATE}
head -c 4096 /dev/zero > {STATE}/full
systemctl start slackwater-drain.service
"""
EMPTY = f"""systemctl stop slackwater-drain.service
umount {STATE} || true
systemctl start slackwater-drain.service
"""
DEAF = """set -eu
mkdir -p /run/systemd/system/slackwater-shop@.service.d
printf '[Service]\\nKillSignal=SIGCONT\\n' > /run/systemd/system/slackwater-shop@.service.d/deaf.conf
systemctl daemon-reload
"""
HEARS = "rm -f /run/systemd/system/slackwater-shop@.service.d/deaf.conf; systemctl daemon-reload"
SHIFT, CLOCK = "/run/shift", "/opt/clock"
SHIFTED = f"""import contextlib, time
with contextlib.suppress(OSError, ValueError):
    seconds, real = float(open("{SHIFT}").read()), time.time
    time.time = lambda: real() + seconds
"""
OWN_CLOCK = f"""set -eu
mkdir -p {CLOCK} /run/systemd/system/slackwater-drain.service.d
cat > {CLOCK}/sitecustomize.py
printf '[Service]\\nEnvironment=PYTHONPATH=/usr/local/lib/slackwater:{CLOCK}\\n' \\
  > /run/systemd/system/slackwater-drain.service.d/clock.conf
systemctl daemon-reload
systemctl restart slackwater-drain.service
"""
"""The agent reads a clock that a file sets off: hosts of a lab share the machine's, which nobody may turn."""
NO_OWN_CLOCK = f"""rm -rf {CLOCK} {SHIFT} /run/systemd/system/slackwater-drain.service.d/clock.conf
systemctl daemon-reload
systemctl restart slackwater-drain.service
"""
TOLD = "/etc/slackwater/drain.json"


def without_metadata(bench: Bench) -> None:
    """They come back while the group waits."""
    bench.on(NO_METADATA)
    bench.scale_in()
    timer = threading.Timer(AWAY, lambda: bench.on(METADATA_AGAIN))
    timer.start()


def metadata_broken(bench: Bench) -> None:
    """Each path that the agent asks for."""
    paths = ("autoscaling/target-lifecycle-state", "spot/instance-action", "events/recommendations/rebalance")
    bench.machines.metadata.broken.update({f"/latest/meta-data/{path}": 500 for path in paths})


@contextmanager
def mended(bench: Bench) -> Iterator[None]:
    try:
        yield
    finally:
        bench.machines.metadata.broken.clear()


def tokens_forgotten(bench: Bench) -> None:
    bench.machines.metadata.forget()


@contextmanager
def second_balancer(bench: Bench) -> Iterator[None]:
    """This machine asks as a balancer does, and is never heard of again once the host leaves.

    An agent that starts anew has it from the note, which the one before writes every few seconds.
    """
    place, before = f"{url(bench.site.lab, bench.name, 8000)}/.slackwater/live", time.time()
    until(lambda: requests.get(place, timeout=5).ok, "the gate to answer")
    until(lambda: noted(bench, before), "the agent to note who has asked", LIMIT)
    yield
    until(lambda: not noted(bench, time.time() - RECENT), "the agent to forget who has asked", LIMIT)


def noted(bench: Bench, since: float) -> bool:
    """Whether somebody stands there beside the balancer who has asked since."""
    asked = [one["asked"] for one in json.loads(bench.on(f"cat {ASKERS} || echo '{{}}'")).values()]
    return sum(when > since for when in asked) > 1


def balancers_agent_killed(bench: Bench) -> None:
    """systemd starts it again."""
    before = agent(bench.balancer)
    assert before["members"]
    out(bench.balancer, "systemctl kill -s KILL slackwater-upstreams.service")


def between(before: str, after: str) -> Callable[[Bench], AbstractContextManager[None]]:
    """On the leaving host one command, and the other behind the row, whoever leaves by then."""

    @contextmanager
    def around(bench: Bench) -> Iterator[None]:
        host = bench.host
        out(host, before)
        try:
            yield
        finally:
            out(host, after)

    return around


full_disk = between(FILL, EMPTY)
"""The agent's own: what people send is the app's to write, and its own trouble."""
deaf_app = between(DEAF, HEARS)
"""What systemd sends at a stop does nothing to it, until it is killed."""


@contextmanager
def own_clock(bench: Bench) -> Iterator[None]:
    host = bench.host
    done = host.ssh(OWN_CLOCK, input=SHIFTED)
    assert done.returncode == 0, done.stderr
    try:
        yield
    finally:
        out(host, NO_OWN_CLOCK)


def clock_jumps(seconds: float) -> str:
    """A clock is set while the agent does not run: one that runs counts by itself."""
    return f"echo {seconds} > {SHIFT}; systemctl kill -s KILL slackwater-drain.service"


@contextmanager
def short_hook(bench: Bench) -> Iterator[None]:
    """What the linter refuses: the group waits 30 s, where the host was told 90, and long requests may end."""
    host, before = bench.host, json.loads(bench.on(f"cat {TOLD}"))
    rules = before["rules"] | {"requests": 60, "deadline": 200}
    out(host, f"echo '{json.dumps(before | {'rules': rules})}' > {TOLD}; systemctl restart slackwater-drain.service")
    bench.hook_lasts(30)
    try:
        yield
    finally:
        bench.hook_lasts(HOOK_TIMEOUT)
        until(lambda: host.ssh("true").returncode == 0, "the host to answer", LIMIT)
        out(host, f"echo '{json.dumps(before)}' > {TOLD}; systemctl restart slackwater-drain.service")


@contextmanager
def short_hook_unseen(bench: Bench) -> Iterator[None]:
    """The host's role may not ask how long the group waits, so that it goes by what it was told."""
    bench.endpoint.fail("autoscaling", "DescribeLifecycleHooks", "AccessDenied", times=1000)
    with short_hook(bench):
        yield
