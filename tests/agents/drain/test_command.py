"""`slackwater-drain` on the host: what root writes, and what it says when nobody is there to follow."""

from __future__ import annotations

import json

import pytest

from tests.agents.drain.site import Site, until


def test_root_writes_nothing_where_the_agents_user_may(host: Site) -> None:
    """A link that waits there under the name of the new file would let that user write any file of root's."""
    victim = host.root / "victim"
    victim.write_text("root's own\n")
    victim.chmod(0o600)
    (host.told.state / ".operator.json.new").symlink_to(victim)
    host.command("drain")

    assert ("root's own\n", 0o600) == (victim.read_text(), victim.stat().st_mode & 0o777)
    assert not host.told.wish.is_relative_to(host.told.state)


def test_a_wish_that_nobody_follows_yet_is_said_to_stand(host: Site) -> None:
    """An agent that comes hours later would follow it: whoever asked must know."""
    done = host.command("drain", "--reason", "kernel")
    words = "the drain agent does not run; the wish stands: slackwater-drain undrain takes it back"
    back = host.command("undrain")

    assert (1, True) == (done.returncode, done.stdout.startswith(words)), done.stdout
    assert (1, False) == (back.returncode, host.told.wish.exists())
    assert "the wish" not in back.stdout


@pytest.mark.parametrize(("verb", "more"), [("drain", " --reason"), ("undrain", ""), ("status", " --json")])
def test_the_help_has_an_example(host: Site, verb: str, more: str) -> None:
    """Each verb its own, and what its exit status means."""
    said = " ".join(host.command(verb, "--help").stdout.split())

    assert f"example: slackwater-drain {verb}{more}" in said
    assert "exit status is 1 when the agent does not run" in said


def test_the_status_says_what_was_asked(host: Site) -> None:
    """With an agent that follows, nothing else stands in it."""
    with host.agent():
        until(lambda: host.is_at("serving"))
        done = host.command("drain")
        until(lambda: host.is_at("drained", held=True))
        found = json.loads(host.command("status", "--json").stdout)

    assert (0, "") == (done.returncode, done.stderr)
    assert "the wish stands" not in done.stdout
    assert ("", True, "drained") == (found["agent"], found["asked"], found["state"])
