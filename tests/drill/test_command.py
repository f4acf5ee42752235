"""What cannot be drilled is refused in a sentence, before anything is made."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from slackwater.drill.cli import NAMES, drill
from slackwater.drill.place import MARK, place
from slackwater.drill.play import Wish, long_form
from slackwater.drill.scenarios import ALL, STORY
from slackwater.errors import LabError
from slackwater.lab import Lab
from slackwater.lab.places import Places

NOBODY = 65534
MAIN = "import sys; from slackwater.cli import main; main()"
IS_ROOT = os.geteuid() == 0


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["nonsense"], "'nonsense' is not one of 'scale-out', 'scale-in', 'rollout', 'spot', 'crash'"),
        (["--times", "3"], "--times is for one scenario"),
        (["spot", "--times", "0"], "0 is not in the range 1<=x<=1000"),
        (["--rate", "0"], "0.0 is not in the range"),
        (["--svg", "/nowhere/drill.svg"], "there is no directory /nowhere"),
    ],
)
def test_bad_words_are_refused(words: list[str], said: str) -> None:
    """With what is allowed."""
    done = CliRunner().invoke(drill, words)

    assert 2 == done.exit_code
    assert said in done.output


@pytest.mark.skipif(not IS_ROOT, reason="only root can become somebody else")
def test_without_root_it_is_one_sentence() -> None:
    """No traceback, and no lab begun."""
    words = ["setpriv", f"--reuid={NOBODY}", "--clear-groups", sys.executable, "-c", MAIN, "drill"]
    done = subprocess.run(words, capture_output=True, text=True, check=False)

    assert 1 == done.returncode
    assert f"user {NOBODY} may not: run it as root" in done.stderr
    assert "Traceback" not in done.stderr
    assert 1 == len(done.stderr.strip().splitlines())


@pytest.mark.skipif(not IS_ROOT, reason="a lab needs root")
def test_a_lab_of_somebody_else_is_not_taken(tmp_path: Path) -> None:
    """A drill removes its lab afterwards; only what a drill left is taken away first."""
    places = Places(tmp_path / "labs", tmp_path / "cache")
    somebodys, left = Lab("somebodys", places), Lab("left", places)
    somebodys.directory.mkdir(parents=True)
    (left.directory / MARK / "project").mkdir(parents=True)

    with pytest.raises(LabError, match="is there and is no drill's"), place("somebodys", places):
        pass
    with place("left", places) as taken:
        assert [] == list((taken.directory / MARK).iterdir())
        with pytest.raises(LabError, match="A drill runs in lab 'left'"), place("left", places):
            pass

    assert somebodys.directory.exists()
    assert not left.directory.exists()


def test_the_story_is_a_list_of_the_scenarios() -> None:
    """Each can be played alone, and again and again; the group is then as small as shows it."""
    assert set(NAMES) == set(ALL)
    assert set(ALL.values()) < set(STORY)
    assert [ALL["spot"]] * 3 == list(Wish("spot", times=3).scenarios)[1:]
    assert (4, 3) == (Wish().sizes.largest, Wish("spot").sizes.largest)


def test_the_long_form_is_the_story_and_what_it_is_made_of_again_and_again() -> None:
    """As many scale-outs as scale-ins, for there is room for one more only; few of each may be asked for."""
    story = Wish(name="lab")

    assert [Wish("scale-in", 100, 300, "lab"), Wish("spot", 50, 300, "lab"), story] == long_form(100, "lab")
    assert [3, 2, 1] == [wish.times for wish in long_form(3, "lab")]
    assert (1, 1) == (long_form(1, "lab")[0].sizes.step, long_form(1, "lab")[1].times)
