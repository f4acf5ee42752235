"""One change of a fleet at a time, by real records in a real store."""

from __future__ import annotations

import subprocess
import sys
import threading
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from slackwater.changes import Changes, Owner, TakenOverError
from slackwater.changes.change import _bytes
from slackwater.changes.owner import me
from slackwater.errors import RolloutError
from slackwater.release.store import DirectoryFiles


@pytest.fixture
def changes(tmp_path: Path) -> Changes:
    return Changes(DirectoryFiles(tmp_path), "shop", "prod")


def held_by(changes: Changes, owner: Owner, seen: str | None = None) -> None:
    """The record as another operator's machine wrote it."""
    mine = changes.begin("rollout", "r2", "r1")
    before = changes.files.read(changes.key)
    assert before is not None
    changed = replace(mine, owner=owner, token="theirs", seen=seen or mine.seen)
    assert changes.files.replace(changes.key, before, _bytes(changed))


def dead_process() -> Owner:
    """A process of this machine that has ended."""
    code = "from slackwater.changes.owner import me; o = me(); print(o.pid, o.started)"
    said = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout.split()
    return replace(me(), pid=int(said[0]), started=said[1])


def test_a_change_is_seen_by_everybody(changes: Changes) -> None:
    """Who, what, from where, since when; nothing once it has ended."""
    mine = changes.begin("rollout", "r2", "r1")

    assert mine == changes.current()
    assert "a rollout to r2 by" in str(mine)
    changes.end(mine)
    assert None is changes.current()


def test_the_second_operator_is_told_who_and_since_when(changes: Changes) -> None:
    """And nothing of the first one's record changes."""
    held_by(changes, Owner("alice", "laptop", 4711, "", "another"))
    before = changes.current()
    with pytest.raises(RolloutError, match=r"alice@laptop \(process 4711\), since 20.*Nothing was changed"):
        changes.begin("rollout", "r3", "r1")

    assert before == changes.current()


def test_what_a_killed_run_of_this_machine_left_is_taken_over(changes: Changes) -> None:
    """No lock is stuck after kill -9."""
    held_by(changes, dead_process())

    assert "r3" == changes.begin("rollout", "r3", "r1").release


def test_another_process_of_this_machine_that_lives_is_not(changes: Changes) -> None:
    """The same user in another window."""
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    try:
        held_by(changes, replace(me(), pid=child.pid, started=_started(child.pid)))
        with pytest.raises(RolloutError, match="somebody else changes this fleet"):
            changes.begin("rollout", "r3", "r1")
    finally:
        child.communicate()


def _started(pid: int) -> str:
    from slackwater.changes import owner

    return owner._started(pid)


def test_a_pid_that_came_again_is_another_process(changes: Changes) -> None:
    """The number alone would keep the record for ever."""
    held_by(changes, replace(me(), started="an earlier boot:1"))

    assert "r3" == changes.begin("rollout", "r3", "r1").release


def test_a_container_of_the_same_name_is_another_machine(changes: Changes) -> None:
    """Its process number says nothing here."""
    held_by(changes, replace(dead_process(), place="the same name, another count of processes"))
    with pytest.raises(RolloutError, match="somebody else changes this fleet"):
        changes.begin("rollout", "r3", "r1")


def test_the_silent_one_of_another_machine_can_be_stolen_from(changes: Changes) -> None:
    """Only when told; then the first one finds out at its next step and touches nothing more."""
    held_by(changes, Owner("alice", "laptop", 4711, "", "another"), seen="2026-11-20T12:00:00+00:00")
    theirs = changes.current()
    assert theirs is not None
    with pytest.raises(RolloutError, match=r"silent for long.*--steal"):
        changes.begin("rollback", "r1", "r1")
    changes.begin("rollback", "r1", "r1", steal=True)

    with pytest.raises(TakenOverError, match="no longer ours"):
        changes.refresh(theirs)
    changes.end(theirs)
    assert "rollback" == getattr(changes.current(), "kind", None)


def test_wishes_reach_whoever_works(changes: Changes) -> None:
    """Pause, and a sign of life in between does not lose it."""
    mine = changes.begin("rollout", "r2", "r1")
    changes.ask("pause")
    mine = changes.refresh(mine, step="canary: app-1")

    assert ("pause", "canary: app-1") == (mine.wish, mine.step)
    changes.ask("go")
    assert "go" == changes.refresh(mine).wish


def test_a_dead_one_does_not_hear(changes: Changes) -> None:
    """Saying "asked to cancel" would be a lie."""
    held_by(changes, dead_process())
    with pytest.raises(RolloutError, match="nobody hears it"):
        changes.ask("cancel")


def test_nothing_under_way_can_be_paused(changes: Changes) -> None:
    """It says so."""
    with pytest.raises(RolloutError, match="no rollout is under way"):
        changes.ask("pause")


def test_of_many_at_once_one_gets_it(changes: Changes) -> None:
    """Eight operators press the key together."""
    won: list[str] = []

    def operator(release: str) -> None:
        with suppress(RolloutError):
            won.append(changes.begin("rollout", release, None).release)

    people = [threading.Thread(target=operator, args=(f"r{number}",)) for number in range(8)]
    for person in people:
        person.start()
    for person in people:
        person.join()

    assert 1 == len(won)
    assert won[0] == getattr(changes.current(), "release", None)


def test_signs_of_life_and_wishes_do_not_lose_each_other(changes: Changes) -> None:
    """Both write the same record."""
    mine = changes.begin("rollout", "r2", "r1")
    signs = threading.Thread(target=lambda: [changes.refresh(mine) for _ in range(50)])
    signs.start()
    for _ in range(10):
        changes.ask("pause")
        changes.ask("go")
    changes.ask("cancel")
    signs.join()

    assert "cancel" == changes.refresh(mine).wish


def test_a_record_that_is_none_is_named(changes: Changes) -> None:
    """Never taken for "nobody"."""
    changes.files.write(changes.key, b"{}")
    with pytest.raises(RolloutError, match=r"shop/changes/prod\.json is not the record of a change"):
        changes.current()
