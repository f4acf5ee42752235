"""`slackwater drain` and `undrain`: what an operator sees, and what is refused before any host hears of it."""

from __future__ import annotations

import pytest

from slackwater.agents.drain.budget import UNSEEN, wishes
from slackwater.agents.drain.core import START_LIMIT
from slackwater.agents.drain.leave import Step
from slackwater.rollout.lateness import lateness
from slackwater.settings import Drain, Server, resolve
from tests.agents.drain.usual import usual

from .site import Site


@pytest.mark.parametrize("drain", [Drain(), Drain(deadline=10, requests=600, hooks=300), Drain(deadline=3600)])
@pytest.mark.parametrize("hold", [0.0, 70.0, 120.0])
def test_a_host_is_late_only_when_each_of_its_steps_has_had_its_time(drain: Drain, hold: float) -> None:
    """No deadline binds an operator's leave; undrain waits for a stop and a start."""
    told = resolve({"drain": drain, "server": Server(graceful_timeout=200, stop_timeout=260)})
    stop = told.server.effective_stop_timeout + 5
    rules = usual(requests=drain.requests, stop=stop, hooks=drain.hooks, hold=hold)
    steps = sum(seconds for step, seconds in wishes(rules) if step is not Step.COMPLETE and seconds != UNSEEN)

    assert lateness(told) >= steps + rules.listen
    assert lateness(told) >= stop + START_LIMIT
    assert lateness(told) >= drain.deadline


def asked(site: Site, name: str) -> list[str]:
    return [call for call in site.hosts[name].calls if "drain" in call]


def test_out_and_back(site: Site) -> None:
    """Each host says what it is at; a program gets the result last; the status says why it is out."""
    site.hosts["app-2"].tell("drain-slow")
    work = site.begin("drain", "app-2", "--reason", "new kernel", "--json")
    work.await_said("in flight")
    site.hosts["app-2"].untell("drain-slow")
    status, said = work.wait(), work.objects()
    out, told = site.run("status")
    back, _ = site.run("undrain", "app-2")
    well, _ = site.run("status")

    assert (0, True) == (status, said[-1]["result"]["ok"])
    assert "drained" == said[-1]["result"]["hosts"]["app-2"]["state"]
    assert any("draining, quiet, 2 in flight; asked by somebody: new kernel" in line.get("said", "") for line in said)
    assert 1 == out
    assert "drained; asked by somebody: new kernel" in told
    assert (0, 0) == (back, well)
    assert [] == asked(site, "app-1")


def test_nobody_is_taken_out_who_is_not_there(site: Site) -> None:
    """A name that was mistyped; a balancer."""
    for name in ("app-9", "balancer-1"):
        status, said = site.run("drain", "app-1", name)

        assert (1, True) == (status, f"{name}: no app or worker host of this inventory; there are: app-1" in said)
    assert [] == asked(site, "app-1")


def test_the_last_that_serves_stays(site: Site) -> None:
    """Those that are out already do not count; --last says that it is meant."""
    assert 0 == site.run("drain", "app-1", "app-2")[0]
    status, said = site.run("drain", "app-3")

    assert (1, True) == (status, "no app host would be left that serves; --last when that is meant" in said)
    assert 0 == site.run("drain", "app-3", "--last")[0]


def test_a_host_that_cannot_be_asked_is_not_counted(site: Site) -> None:
    """It is dead, or away: the one that serves is not taken out because of it."""
    assert 0 == site.run("drain", "app-3")[0]
    site.hosts["app-2"].kill()
    status, said = site.run("drain", "app-1")

    assert (1, True) == (status, "app-1: no app host would be left that serves" in said), said
    assert "app-2: " in said
    assert [] == asked(site, "app-1")


def test_a_host_whose_app_is_dead_is_not_counted(site: Site) -> None:
    """Its agent says that it serves; the balancer says what it answers."""
    assert 0 == site.run("drain", "app-3")[0]
    site.hosts["app-2"].tell("live", "no app")
    status, said = site.run("drain", "app-1")

    assert (1, True) == (status, "no app host would be left that serves" in said), said
    assert "app-2: live: 503 no app" in said
    assert [] == asked(site, "app-1")


@pytest.mark.parametrize(
    ("told", "words", "said"),
    [
        ("drain-absent", "", "app-1: drain.json cannot be read; converge this host"),
        ("drain-dead", "the drain agent does not run", "app-1: the drain agent does not run"),
    ],
)
def test_a_host_without_an_agent_that_follows(site: Site, told: str, words: str, said: str) -> None:
    """Found before any host is told: nobody drains because of a command that has failed."""
    site.hosts["app-1"].tell(told, words)
    status, output = site.run("drain", "app-1", "app-2")

    assert (1, True) == (status, said in output), output
    assert [] == asked(site, "app-1") + asked(site, "app-2")


def test_who_leaves_although_the_command_has_failed(site: Site) -> None:
    """One host refuses at the last moment; the other is on its way, and it is said how it comes back."""
    site.hosts["app-1"].tell("drain-refuses", "the disk is full")
    status, said = site.run("drain", "app-1", "app-2")

    assert (1, True) == (status, "app-1: the disk is full" in said), said
    assert "app-2 leaves all the same; slackwater undrain puts it back" in said


def test_a_host_that_was_never_converged(site: Site) -> None:
    """It has no agent at all."""
    (site.hosts["app-1"].home / "usr/local/sbin/slackwater-drain").unlink()
    status, said = site.run("drain", "app-1")

    assert (1, True) == (status, "app-1: no drain agent" in said), said
    assert "Converge it" in said


def test_what_the_group_takes_out_stays_out(site: Site) -> None:
    """An operator calls back his own wish only; it is not waited for."""
    site.hosts["app-1"].tell("drain-final")
    status, said = site.run("undrain", "app-1")

    assert (1, True) == (status, "app-1 stays out: the scaling group takes it to Terminated" in said)


def test_an_agent_that_is_dead_shows_in_the_status(site: Site) -> None:
    """The host serves, and would not drain."""
    site.hosts["app-1"].tell("drain-dead", "the drain agent does not run")
    status, said = site.run("status")

    assert (1, True) == (status, "the drain agent does not run" in said)


def test_the_help_has_an_example(site: Site) -> None:
    """Each command that has to do with it."""
    for verb, words in (("drain", " app-2"), ("undrain", " app-2"), ("status", "")):
        assert f"slackwater {verb} inventories/prod.py{words}" in site.run(verb, "--help")[1]
