"""Several operators, and several windows of one: pause, cancel, lock, theft."""

from __future__ import annotations

from dataclasses import replace

from slackwater.changes import Change, Changes, Owner
from slackwater.changes.change import _bytes

from .site import FLEET, Site

THREE = ("app-1", "app-2", "app-3")
WATCHING = ("--release", "r2", "--bake", "60")


def stolen(site: Site) -> Change:
    """Somebody else takes the fleet with --steal: this process."""
    return Changes(site.store.files, "shop", FLEET).begin("rollout", "r3", "r1", steal=True)


def left_by_another_machine(site: Site) -> None:
    """A record of long ago: whether its process lives, nobody here can know."""
    changes = Changes(site.store.files, "shop", FLEET)
    mine = changes.begin("rollout", "r2", "r1")
    before = changes.files.read(changes.key)
    assert before
    alice = Owner("alice", "laptop", 4711, "a boot of its own", "another machine")
    theirs = replace(mine, owner=alice, seen="2026-11-20T06:00:00+00:00")
    assert changes.files.replace(changes.key, before, _bytes(theirs))


def test_paused_and_resumed(site: Site) -> None:
    """Between two steps it waits; nothing changes until it goes on."""
    site.hosts["app-1"].tell("switch-slow")
    work = site.begin("rollout", "--release", "r2", "--bake", "0")
    site.hosts["app-1"].await_call("switch r2-1")
    paused, told = site.run("rollout", "--pause")
    site.hosts["app-1"].untell("switch-slow")
    work.await_said("paused; go on with --resume, or --cancel")
    meanwhile = site.releases(*THREE)
    resumed, more = site.run("rollout", "--resume")

    assert (0, 0, 0) == (paused, resumed, work.wait()), told + more + work.said()
    assert ["r2", "r1", "r1"] == meanwhile
    site.assert_whole("r2", *THREE)


def test_the_second_operator_and_a_cancel(site: Site) -> None:
    """The second is told who works since when, a program too; a cancel puts every host back."""
    work = site.begin("rollout", *WATCHING)
    work.await_said("seen healthy")
    late, said = site.ask("rollout", "--release", "r3")
    cancelled, told = site.run("rollout", "--cancel")

    assert 1 == late
    assert not said[-1]["result"]["ok"]
    assert f"(process {work.number}), since 20" in said[-1]["result"]["error"]
    assert 0 == cancelled, told
    assert 1 == work.wait()
    assert "cancelled\nEvery host runs r1; changed and put back: app-1" in work.said()
    site.assert_whole("r1", *THREE)


def test_the_record_of_another_machine_is_taken_with_steal(site: Site) -> None:
    """Without it nothing is touched, and the message names it; with it the fleet ends whole."""
    left_by_another_machine(site)
    site.hosts["app-1"].reset("r2", "r1")
    refused, why = site.run("rollback")
    untouched = [call for host in site.hosts.values() for call in host.changes()]
    status, said = site.run("rollback", "--steal")

    assert 1 == refused
    assert "alice@laptop (process 4711)" in why
    assert "--steal" in why
    assert [] == untouched
    assert 0 == status, said
    site.assert_whole("r1", *THREE)


def test_one_that_was_stolen_from_touches_nothing_more(site: Site) -> None:
    """Found out while it watches."""
    work = site.begin("rollout", *WATCHING)
    work.await_said("seen healthy")
    thief = stolen(site)

    assert 1 == work.wait()
    assert "no longer ours" in work.said()
    assert ["r2", "r1", "r1"] == site.releases(*THREE)
    assert not any(call.startswith(("back", "settle")) for name in THREE for call in site.hosts[name].calls)
    assert thief == site.change()


def test_one_that_was_stolen_from_in_a_switch_that_fails(site: Site) -> None:
    """It puts nobody back: where hosts go is another's to say now."""
    for what in ("switch-slow", "switch-fails"):
        site.hosts["app-2"].tell(what, "no module named tides")
    work = site.begin("rollout", "--release", "r2", "--bake", "0")
    site.hosts["app-2"].await_call("switch r2-1")
    thief = stolen(site)
    site.hosts["app-2"].untell("switch-slow")

    assert 1 == work.wait()
    assert "no longer ours" in work.said()
    assert not any(call.startswith(("back", "settle")) for name in THREE for call in site.hosts[name].calls)
    assert thief == site.change()
