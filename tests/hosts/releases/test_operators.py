"""Those who work on a fleet: killed, paused, cancelled, two at once; and hosts that reboot or join meanwhile."""

from __future__ import annotations

import random
import signal
import time
from pathlib import Path

import pytest

from slackwater.lab import Wishes
from tests.hosts.converge.running import converge, count, run
from tests.hosts.releases.site import Site, nothing_lost, traffic

LIMIT = 300.0
"""Seconds for one rollout on a busy machine."""


def await_said(site: Site, word: str) -> None:
    deadline = time.monotonic() + LIMIT
    while word not in site.said():
        assert time.monotonic() < deadline, site.said()
        time.sleep(0.1)


@pytest.fixture
def second(rested: Site) -> Site:
    """Another release to go to."""
    rested.build("second", {"second.txt": "another"})
    return rested


def test_kill_9_at_random_points_then_again_or_back(second: Site) -> None:
    """However far it was: afterwards one release everywhere, no slot left over, no lock stuck, nothing lost."""
    dice, wanted = random.Random(11), "good"
    with traffic(second) as people:
        for turn in range(count(20)):
            wanted, before = ("second", "good") if wanted == "good" else ("good", "second")
            work = second.begin("rollout", "--release", wanted, "--batch", "50%", "--bake", "1")
            await_said(second, "rollout of shop")
            time.sleep(dice.uniform(0.0, 13.0))
            work.kill()
            was_over = work.wait() == 0
            if turn % 2:
                second.rollout(wanted)
            elif not was_over:
                wanted = before
                second.good("rollback")
            second.whole(wanted)
    nothing_lost(second, people)


def test_kill_9_of_a_rollback_then_again(second: Site) -> None:
    """The second one goes where the first one meant to go, not one further."""
    dice = random.Random(12)
    with traffic(second) as people:
        for _ in range(count(20)):
            second.rollout("second")
            work = second.begin("rollback")
            await_said(second, "rollback of shop")
            time.sleep(dice.uniform(0.0, 3.0))
            work.kill()
            if work.wait():
                second.good("rollback")
            second.whole("good")
    nothing_lost(second, people)


def test_the_second_operator_is_told_who_holds_the_fleet(second: Site) -> None:
    """And since when; a converge meanwhile touches nothing either."""
    work = second.begin("rollout", "--release", "second", "--bake", "15")
    await_said(second, "canary")
    late = second.run("rollout", "--release", "good")
    back = second.run("rollback")
    plain = run(second.lab, "-y", group_data=second.told)
    assert 0 == second.run("rollout", "--cancel").returncode
    work.wait(LIMIT)

    assert (1, 1) == (late.returncode, back.returncode)
    for told in (late.stdout, back.stdout):
        assert f"(process {work.pid})" in told
        assert "since 20" in told
    assert 0 != plain.returncode
    assert "a rollout to second" in plain.stderr
    assert "cancelled" in second.said()
    assert 1 == work.returncode
    second.whole("good")


def test_a_converge_from_another_store_does_not_take_the_fleet_for_a_new_one(second: Site, tmp_path: Path) -> None:
    """A fresh clone has an empty store: what its working tree holds must not reach a fleet that is proved."""
    stranger = Site(second.lab, tmp_path / "stranger")
    stranger.source({"stranger.txt": "somebody's working tree"})
    outcome = converge(second.lab, group_data=stranger.told)

    assert 1 == outcome.status
    assert "was told that good is proved" in outcome.said
    second.whole("good")


def test_paused_and_resumed(second: Site) -> None:
    """Between two batches it waits; nothing changes until it goes on."""
    work = second.begin("rollout", "--release", "second", "--bake", "3", "--batch", "50%")
    await_said(second, "canary")
    second.good("rollout", "--pause")
    await_said(second, "paused")
    time.sleep(6)
    paused = second.releases()
    second.good("rollout", "--resume")
    assert 0 == work.wait(LIMIT), second.said()

    assert "good" in paused.values()
    second.whole("second")


def test_interrupted_by_hand_everything_goes_back(second: Site) -> None:
    """Ctrl-C, or the end of a CI job."""
    work = second.begin("rollout", "--release", "second", "--bake", "20")
    await_said(second, "seen healthy")
    work.send_signal(signal.SIGTERM)

    assert 1 == work.wait(LIMIT), second.said()
    second.whole("good")


def test_a_dry_run_touches_nothing(second: Site) -> None:
    """It says which host would change when, and why."""
    said = second.good("rollout", "--release", "second", "--dry-run", "--batch", "50%")

    assert "canary: would change to second (runs good)" in said
    assert "nothing was changed" in said
    second.whole("good")


def test_a_host_that_reboots_in_the_middle_comes_back_on_something_proved(second: Site) -> None:
    """The canary, while it is watched: whatever the rollout makes of it, all hosts end on what is proved."""
    work = second.begin("rollout", "--release", "second", "--bake", "8", "--batch", "2")
    await_said(second, "seen healthy")
    second.lab.host("app-1").reboot()
    status = work.wait(LIMIT)
    second.lab.host("app-1").wait_until_ready()

    second.whole("good" if status else "second")
    assert status == 0 or "turned bad" in second.said(), second.said()


def test_a_host_that_joins_in_the_middle_ends_with_the_right_release(second: Site) -> None:
    """It is in the inventory by then, and has nothing yet."""
    work = second.begin("rollout", "--release", "second", "--bake", "3", "--batch", "50%")
    await_said(second, "seen healthy")
    second.lab.up(Wishes({"app": 4}))
    try:
        assert 0 == work.wait(LIMIT), second.said()
        assert {"second"} == set(second.releases().values())
        assert "app-4" in second.releases()
    finally:
        second.lab.remove(["app-4"])
