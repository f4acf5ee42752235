"""Hosts and operators that go away in the middle: the fleet ends whole, or the message says what is left."""

from __future__ import annotations

import signal

import pytest

from .site import Running, Site

THREE = ("app-1", "app-2", "app-3")
NOW = ("--release", "r2", "--bake", "0")


def killed_in_a_switch(site: Site) -> None:
    """The operator's machine is off; app-1 is still at work on what it was told."""
    site.hosts["app-1"].tell("switch-slow")
    work = site.begin("rollout", *NOW)
    site.hosts["app-1"].await_call("switch r2-1")
    work.kill()


def test_back_while_a_switch_of_a_dead_run_is_at_work(site: Site) -> None:
    """It is waited for: otherwise it would bring the host forward after everything went back."""
    killed_in_a_switch(site)
    back = site.begin("rollback")
    site.hosts["app-1"].await_call("back r1")
    site.hosts["app-1"].untell("switch-slow")

    assert 0 == back.wait(), back.said()
    site.assert_whole("r1", *THREE)


def test_again_while_a_switch_of_a_dead_run_is_at_work(site: Site) -> None:
    """No lock is stuck; it ends as if nothing had happened."""
    killed_in_a_switch(site)
    again = site.begin("rollout", *NOW)
    site.hosts["app-1"].await_call("switch r2-1", times=2)
    site.hosts["app-1"].untell("switch-slow")

    assert 0 == again.wait(), again.said()
    site.assert_whole("r2", *THREE)


def failing_at_the_last_host(site: Site) -> Running:
    """Two hosts have changed, and the third is about to fail."""
    for what in ("switch-slow", "switch-fails"):
        site.hosts["app-3"].tell(what, "no module named tides")
    work = site.begin("rollout", *NOW)
    site.hosts["app-3"].await_call("switch r2-1")
    return work


def test_a_host_that_is_away_on_the_way_back(site: Site) -> None:
    """The others go back first; whoever does not wait is told what is left, and `rollback` finishes."""
    work = failing_at_the_last_host(site)
    site.hosts["app-1"].kill()
    site.hosts["app-3"].untell("switch-slow")
    work.await_said("does not answer; waiting for it")
    meanwhile = site.releases(*THREE)
    work.signal(signal.SIGTERM)
    status = work.wait()
    site.hosts["app-1"].revive()
    back, said = site.run("rollback")

    assert ["r2", "r1", "r1"] == meanwhile
    assert 1 == status
    assert "Not every host could go back to r1" in work.errors.read_text()
    assert "slackwater rollback" in work.errors.read_text()
    assert 0 == back, said
    site.assert_whole("r1", *THREE)


def test_a_host_that_hangs_does_not_keep_the_others_from_going_back(site: Site) -> None:
    """It takes the question and does not answer; a release that is bad serves on until they are told."""
    work = failing_at_the_last_host(site)
    site.hosts["app-1"].tell("status-slow")
    site.hosts["app-3"].untell("switch-slow")
    work.await_said("going back")
    site.hosts["app-2"].await_call("back r1")
    site.hosts["app-1"].untell("status-slow")

    assert 1 == work.wait(), work.said()
    site.assert_whole("r1", *THREE)


def test_a_host_that_freezes(site: Site) -> None:
    """The kernel takes connections and nobody speaks: it is waited for by name, and the others are back by then."""
    site.tell(banner=1)
    work = failing_at_the_last_host(site)
    site.hosts["app-1"].signal(signal.SIGSTOP)
    site.hosts["app-3"].untell("switch-slow")
    work.await_said("app-1        does not answer; waiting for it")

    assert ["r2", "r1", "r1"] == site.releases(*THREE)


@pytest.mark.parametrize(("at_work", "sent"), [("switch", signal.SIGTERM), ("watch", signal.SIGINT)])
def test_interrupted(site: Site, at_work: str, sent: signal.Signals) -> None:
    """The end of a CI job or Ctrl-C, in a switch or between two: every host goes back."""
    if at_work == "switch":
        site.hosts["app-1"].tell("switch-slow")
    work = site.begin("rollout", "--release", "r2", "--bake", "60")
    site.hosts["app-1"].await_call("switch r2-1")
    if at_work == "watch":
        work.await_said("seen healthy")
    work.signal(sent)
    work.await_said("going back")
    if at_work == "switch":
        site.hosts["app-1"].await_call("back r1")
        site.hosts["app-1"].untell("switch-slow")

    assert 1 == work.wait()
    assert "interrupted\nEvery host runs r1" in work.said()
    assert "Traceback" not in work.said()
    site.assert_whole("r1", *THREE)
