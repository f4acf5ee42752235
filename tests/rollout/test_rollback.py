"""`slackwater rollback` over real connections: every host that can goes back at once, whatever the others do."""

from __future__ import annotations

from .site import Site

THREE = ("app-1", "app-2", "app-3")


def on_the_second(site: Site) -> None:
    """r2 is proved, after r1; app-3 never had that."""
    for name in THREE:
        site.hosts[name].reset("r2", *(["r1"] if name != "app-3" else []))
    site.prove("r2", "r1")


def test_back_to_what_was_proved_before(site: Site) -> None:
    """The pointer too; a host that lacks the release gets it."""
    on_the_second(site)
    status, said = site.run("rollback")
    proved = site.proved()

    assert 0 == status, said
    assert "app-3        cannot go back to r1 by itself: converging" in said
    assert ["settle --proved"] == [call for call in site.hosts["app-1"].changes() if call != "back r1"]
    assert proved
    assert () == proved.history
    site.assert_whole("r1", *THREE)


def test_a_host_that_is_away_keeps_nobody(site: Site) -> None:
    """Not even one that must be converged: all but the missing one are back while that is waited for."""
    on_the_second(site)
    site.hosts["app-1"].kill()
    work = site.begin("rollback")
    work.await_said("app-1        does not answer; waiting for it")
    site.hosts["app-3"].await_call("switch r1-1")
    site.hosts["app-1"].revive()

    assert 0 == work.wait(), work.said()
    site.assert_whole("r1", *THREE)
