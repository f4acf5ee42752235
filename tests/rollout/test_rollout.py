"""A rollout from end to end, over real connections: where it ends, what it says, what it leaves."""

from __future__ import annotations

import pytest

from .site import INVENTORY, Site

THREE = ("app-1", "app-2", "app-3")
NOW = ("--release", "r2", "--bake", "0")


def test_canary_then_batches(site: Site) -> None:
    """In the hosts' order; then the pointer has moved and nothing is left. Every line is JSON for a program."""
    status, said = site.ask("rollout", *NOW, "--batch", "50%")
    proved = site.proved()

    assert 0 == status
    assert {"result": {"ok": True, "release": "r2", "fleet": "production"}} == said.pop()
    assert all({"at", "host", "said"} == set(line) for line in said)
    steps = [line["said"] for line in said if line["host"] is None and ": app-" in line["said"]]
    assert ["canary: app-1", "batch 1 of 2: app-2", "batch 2 of 2: app-3"] == steps
    healthy = [line["host"] for line in said if line["said"] == "live on r2, seen healthy"]
    assert list(THREE) == healthy
    assert proved
    assert ("r1",) == proved.history
    site.assert_whole("r2", *THREE)


def test_the_first_rollout_ever(unproved: Site) -> None:
    """Hosts that have nothing yet, and a pointer that says nothing."""
    status, said = unproved.run("rollout", *NOW)

    assert 0 == status, said
    assert "before: none" in said
    unproved.assert_whole("r2", *THREE)


def test_a_first_rollout_that_fails_has_nothing_to_go_back_to(unproved: Site) -> None:
    """It says so, and does not hold the fleet."""
    unproved.hosts["app-2"].tell("switch-fails", "no module named tides")
    status, said = unproved.run("rollout", *NOW)

    assert 1 == status
    assert "Nothing was proved before r2" in said
    assert (None, None) == (unproved.proved(), unproved.change())
    assert ["r2", None, None] == unproved.releases(*THREE)


def test_a_host_that_fails_puts_all_back(site: Site) -> None:
    """The message names host, step and what it said; hosts that did not change yet never do."""
    site.hosts["app-2"].tell("switch-fails", "no module named tides")
    status, said = site.run("rollout", *NOW)

    assert 1 == status
    for word in ("app-2: role", "“switch” failed", "no module named tides", "changed and put back: app-1"):
        assert word in said
    assert not any(call.startswith("switch") for call in site.hosts["app-3"].calls)
    site.assert_whole("r1", *THREE)


def test_a_canary_that_turns_bad_while_it_is_watched(site: Site) -> None:
    """By what the balancer sees; with the app's own last words."""
    site.hosts["app-1"].tell("last-words", "the pool of tides is empty")
    work = site.begin("rollout", "--release", "r2", "--bake", "60")
    work.await_said("seen healthy")
    site.hosts["app-1"].tell("ready", "no tide")

    assert 1 == work.wait()
    assert "app-1 turned bad on r2: ready: 503 no tide (seen from balancer-1)" in work.said()
    assert "the pool of tides is empty" in work.said()
    assert ["settle --proved"] == [call for call in site.hosts["app-2"].changes() if call != "back r1"]
    site.assert_whole("r1", *THREE)


def test_hosts_found_on_the_release_are_looked_at_too(site: Site) -> None:
    """A killed run may have brought it there; one that crashes over and over is no reason to go on."""
    site.hosts["app-1"].reset("r2", "r1")
    site.hosts["app-1"].tell("crashing")
    status, said = site.run("rollout", "--release", "r2", "--bake", "5")

    assert 1 == status
    assert "app-1 turned bad on r2: it crashed" in said
    assert not any(call.startswith("switch") for call in site.hosts["app-2"].calls)
    site.assert_whole("r1", *THREE)


def test_a_host_that_joins_meanwhile(site: Site) -> None:
    """Written into the inventory while others change, and without anything yet."""
    site.hosts["app-3"].reset(None, is_new=True)
    site.declare("app-1", "app-2")
    site.hosts["app-2"].tell("switch-slow")
    work = site.begin("rollout", *NOW)
    site.hosts["app-2"].await_call("switch r2-1")
    site.declare(*THREE)
    site.hosts["app-2"].untell("switch-slow")

    assert 0 == work.wait(), work.said()
    site.assert_whole("r2", *THREE)


@pytest.mark.parametrize(
    ("text", "said"), [("app = [\n", ""), ("raise OSError('AWS is away')\n", "OSError: AWS is away")]
)
def test_an_inventory_that_breaks_meanwhile(site: Site, text: str, said: str) -> None:
    """Hosts go back, those that were known; the message says what is wrong with the file, or with what it asks."""
    site.hosts["app-1"].tell("switch-slow")
    work = site.begin("rollout", *NOW)
    site.hosts["app-1"].await_call("switch r2-1")
    site.write(INVENTORY, text)
    site.hosts["app-1"].untell("switch-slow")

    assert 1 == work.wait()
    assert f"{INVENTORY} could not be read: {said}" in work.said()
    site.assert_whole("r1", *THREE)


def test_a_deploy_that_raises(site: Site) -> None:
    """Of one's own code, after the canary: a sentence, and everything back."""
    site.hosts["app-1"].tell("switch-slow")
    work = site.begin("rollout", *NOW)
    site.hosts["app-1"].await_call("switch r2-1")
    site.write("deploy.py", "raise ValueError('no such tide')\n")
    site.hosts["app-1"].untell("switch-slow")

    assert 1 == work.wait()
    assert "deploy.py could not be run: ValueError: no such tide" in work.said()
    site.assert_whole("r1", *THREE)


def test_hooks_run_once_a_fleet(site: Site) -> None:
    """One before on the canary, one after; when that one fails, the release stays and the operator knows."""
    site.tell(', before_release="migrate", after_release="warm"')
    site.hosts["app-1"].tell("after_release-fails", "the cache is cold")
    status, said = site.run("rollout", *NOW)

    assert 1 == status
    assert "app-1: after_release failed; r2 is live everywhere" in said
    assert "the cache is cold" in said
    assert ["before_release r2-1"] == site.hosts["app-1"].hooks
    assert [] == site.hosts["app-2"].hooks + site.hosts["app-3"].hooks
    site.assert_whole("r2", *THREE)


def test_a_failing_before_release_changes_no_host(site: Site) -> None:
    """A migration that fails: the old release serves on."""
    site.tell(', before_release="migrate"')
    site.hosts["app-1"].tell("before_release-fails", "relation tides exists")
    status, said = site.run("rollout", *NOW)

    assert 1 == status
    assert "relation tides exists" in said
    assert not any(call.startswith("switch") for name in THREE for call in site.hosts[name].calls)
    site.assert_whole("r1", *THREE)


def test_a_dry_run_touches_and_builds_nothing(site: Site) -> None:
    """It says which host would change when, and why."""
    before = sorted((site.project / "store").rglob("*"))
    site.hosts["app-2"].reset("r2", "r1")
    built, named = site.begin("rollout", "--dry-run"), site.begin("rollout", "--dry-run", "--release", "r2")

    assert (0, 0) == (built.wait(), named.wait()), built.said() + named.said()
    assert "app-1        canary: would change to r2 (runs r1)" in named.said()
    assert "app-2        stays: runs r2" in named.said()
    assert before == sorted((site.project / "store").rglob("*"))
    assert [] == [call for host in site.hosts.values() for call in host.changes()]
