"""Workers leave, die and change their release while they work: every task's effect exactly once."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import cycle, islice
from typing import Any

import pytest

from tests.hosts.balancers.desk import measured, until
from tests.hosts.converge.running import LONG_ONLY, count
from tests.hosts.drain.rows import DRAIN, KILL, REBOOT, UNDRAIN
from tests.hosts.drain.test_matrix import is_back, is_out
from tests.hosts.drain.watching import Watch
from tests.hosts.workers.conftest import Counted, Works, exactly_once

TASKS, SCALE_INS = 1000, 20
BOUND = 3 + 20 + 25
"""Seconds: the drain timeout of the workers, what systemd adds before it kills, and the agent's own steps."""
Away = Callable[[Works], None]


def test_a_converge_rests_once_all_consume(site: Works) -> None:
    """The second changes nothing; beat runs on the first host alone, and the password is in no process list."""
    again = site.converge()

    assert {} == again.changed
    assert [1, 0] == [len(site.beats(name)) for name in ("worker-1", "worker-2")]
    for name in (*site.hosts(), "cache-1"):
        assert "tide-" not in site.on(name, "ps -eo args; systemctl cat '*celery*' redis-server 2>/dev/null || true")
    assert site.status()["ok"]


def test_nobody_gets_in_without_the_password(site: Works) -> None:
    """Redis answers on its own address, and to nobody who does not know it."""
    address = site.lab.host("cache-1").address
    ask = f"exec 3<>/dev/tcp/{address}/6379; printf 'LLEN parcels\\r\\n' >&3; timeout 5 head -n 1 <&3"

    assert "NOAUTH" in site.on("worker-1", f"bash -c {ask!r}")


def test_tasks_outlive_scale_ins(site: Works) -> None:
    """Hosts leave one after the other, with tasks that take longer than they have to finish, and come back."""
    ordered, begun = [], time.monotonic()
    for number, name in enumerate(islice(cycle(site.hosts()), count(SCALE_INS))):
        ordered += site.send(TASKS // SCALE_INS, f"scale-{number}")
        until(lambda: site.report()["reserved"] > 4, "both to work")
        site.good("drain", name, "--reason", "scale in")
        assert [] == site.units(name)
        site.good("undrain", name)
    seconds = time.monotonic() - begun
    said = site.wait_for(ordered, limit=600)
    told = Counted.of(ordered, said)
    measured(
        f"{told}; {count(SCALE_INS)} scale-ins in {seconds:.0f} s, all done after {time.monotonic() - begun:.0f} s"
    )

    assert (0, 0) == (told.lost, told.twice)
    assert [1, 0] == [len(site.beats(name)) for name in site.hosts()]


@LONG_ONLY
def test_a_machine_that_goes_down_puts_its_tasks_back(site: Works) -> None:
    """A reboot in the middle: the others take what it had."""
    ordered = site.send(20, "reboot")
    until(lambda: site.report()["reserved"] > 4, "both to work")
    site.lab.host("worker-2").reboot()
    said = site.wait_for(ordered)
    until(lambda: site.lab.host("worker-2").ssh("systemctl is-active 'celery-shop@*'").returncode == 0, "it to be back",
          limit=120)  # fmt: skip

    exactly_once(ordered, said)


def test_a_worker_that_is_killed_loses_nothing(site: Works) -> None:
    """Its main process, without a word, and a child of another: what they had comes back."""
    ordered = site.send(40, "kill")
    until(lambda: site.report()["reserved"] > 4, "both to work")
    (unit, *_) = site.workers("worker-2")
    site.on("worker-2", f"kill -9 $(systemctl show -p MainPID --value {unit})")
    (other, *_) = site.workers("worker-1")
    site.on("worker-1", f"kill -9 $(pgrep -P $(systemctl show -p MainPID --value {other}) | head -n 1)")
    said = site.wait_for(ordered)

    exactly_once(ordered, said)
    assert max(said["begun"][name] for name in ordered) > 1


@LONG_ONLY
def test_a_worker_that_hangs_is_started_anew(site: Works) -> None:
    """systemd hears nothing of its loop any more; until then it is active, and does nothing."""
    ordered = site.send(12, "hang")
    until(lambda: site.report()["reserved"] > 4, "both to work")
    (unit, *_) = site.workers("worker-2")
    main = f"systemctl show -p MainPID --value {unit}"
    before = site.on("worker-2", main)
    site.on("worker-2", f"kill -STOP {before}")
    took = until(lambda: site.on("worker-2", main) not in {before, "0"}, "another process", limit=150)
    measured(f"a worker that hangs is started anew after {took:.0f} s")

    exactly_once(ordered, site.wait_for(ordered))


def test_a_rollout_changes_the_workers_under_way(site: Works) -> None:
    """The new slot consumes before the old one ends; beat is there once at any time; back goes the same way."""
    site.build("second", {"parcels/extra.py": '"""Another release."""\n'})
    ordered = site.send(40, "rollout")
    site.rollout("second")
    during = site.releases()
    site.good("rollback")
    said = site.wait_for(ordered)

    exactly_once(ordered, said)
    assert {"second"} == set(during.values())
    assert {1} == {len(site.workers(name)) for name in site.hosts()}
    ticks = said["ticks"]
    assert len(ticks) <= (ticks[-1] - ticks[0]) * 1.05 + 5  # one a second: of two beats there would be two


@LONG_ONLY
def test_a_release_that_cannot_start_takes_no_task(site: Works) -> None:
    """It never consumes: the old workers go on, and the rollout says why."""
    before = site.releases()
    site.build("broken", {"parcels/tasks.py": "raise SystemExit('no such table')\n"})
    done = site.run("rollout", "--release", "broken", "--bake", "0")
    site.source({})
    said = site.wait_for(site.send(8, "after"))

    assert 1 == done.returncode
    assert "was not switched to" in done.stdout
    assert before == site.releases()
    assert 8 <= len(said["shipped"])


@pytest.mark.parametrize(
    ("act", "is_over"),
    [
        pytest.param(KILL, is_out, id="agent-killed"),
        pytest.param(REBOOT, is_out, id="rebooted", marks=LONG_ONLY),
        pytest.param(UNDRAIN, is_back, id="undrained", marks=LONG_ONLY),
    ],
)
def test_a_fault_while_workers_stop_loses_no_task(
    site: Works, request: pytest.FixtureRequest, act: str, is_over: Callable[[dict[str, Any]], bool]
) -> None:
    """At the drain's step that waits for them, with tasks reserved: it goes on to its end, or back to consuming."""
    name, host = "worker-2", site.lab.host("worker-2")
    ordered = site.send(40, request.node.callspec.id)
    until(lambda: site.report()["reserved"] > 4, "both to work")
    watch = Watch(host, "workers", act)
    host.ssh(DRAIN)

    def ended() -> bool:
        done = host.ssh("slackwater-drain status --json")
        return watch.is_met and done.returncode == 0 and is_over(json.loads(done.stdout))

    until(ended, lambda: (watch.is_met, watch.error, watch.trace), limit=180)
    watch.stop()
    consuming = len(site.workers(name))

    exactly_once(ordered, site.wait_for(ordered))
    assert (1 if is_over is is_back else 0) == consuming


def stopped(site: Works) -> None:
    site.on("cache-1", "systemctl stop redis-server")


def silent(site: Works) -> None:
    site.lab.host("cache-1").network("off")


@contextmanager
def without_broker(site: Works, away: Away) -> Iterator[None]:
    away(site)
    try:
        yield
    finally:
        site.lab.host("cache-1").network("on")
        site.lab.host("cache-1").wait_for_ssh()
        site.on("cache-1", "systemctl start redis-server")


@pytest.mark.parametrize("away", [pytest.param(stopped, marks=LONG_ONLY), silent])
def test_a_drain_without_the_broker_ends_in_time_and_says_so(site: Works, away: Away) -> None:
    """What the host had is given to others by the visibility timeout, and the operator knows."""
    name = f"{away.__name__}"
    ordered = site.send(40, name)
    until(lambda: site.report()["reserved"] > 4, "both to work")
    with without_broker(site, away):
        begun = time.monotonic()
        said = site.good("drain", "worker-2", "--reason", "no broker")
        seconds = time.monotonic() - begun
    site.good("undrain", "worker-2")
    measured(f"a drain without its broker ({name}): {seconds:.0f} s")

    assert seconds < BOUND
    assert "did not end well" in said
    exactly_once(ordered, site.wait_for(ordered))


def restarted(site: Works) -> None:
    site.on("cache-1", "systemctl restart redis-server")


def rebooted(site: Works) -> None:
    site.lab.host("cache-1").reboot()


@pytest.mark.parametrize("away", [restarted, pytest.param(rebooted, marks=LONG_ONLY)])
def test_a_broker_that_comes_back_finds_its_workers(site: Works, away: Away) -> None:
    """Nobody starts them anew: both consume again, and what they were at is done once."""
    name = away.__name__
    ordered = site.send(24, name)
    until(lambda: site.report()["reserved"] > 4, "both to work")
    away(site)
    site.lab.host("cache-1").wait_until_ready()
    back = time.time()
    said = site.wait_for(ordered)
    until(lambda: all(site.counted(host)["at"] > back for host in site.hosts()), "both to count again", limit=90)

    exactly_once(ordered, said)


@LONG_ONLY
def test_a_drained_host_stays_out(site: Works) -> None:
    """Neither a converge nor a reboot starts its workers again; called back, it consumes."""
    name = "worker-2"
    site.good("drain", name)
    site.converge("--limit", name)
    after_converge = site.units(name)
    site.lab.host(name).reboot()
    until(lambda: "drained" in site.lab.host(name).ssh("slackwater-drain status").stdout, "the agent", limit=120)
    time.sleep(3)
    after_reboot = site.units(name)
    site.good("undrain", name)

    assert ([], []) == (after_converge, after_reboot)
    assert 1 == len(site.units(name))


def test_what_waits_is_counted(site: Works) -> None:
    """By the workers themselves, in a file that the drain agent reads."""
    assert {"parcels", "ticks"} == set(site.counted("worker-1")["queues"])
