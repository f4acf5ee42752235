"""The .env reader."""

from __future__ import annotations

from pathlib import Path

import pytest

from slackwater.settings.environment_file import parse, read

LINES = [
    ("A=1", "1"),
    ("A=", ""),
    ("A=x=y", "x=y"),
    ("export A=1", "1"),
    ("  A=1  ", "1"),
    ("A=two words", "two words"),
    ("A=x # comment", "x"),
    ("A=x#y", "x#y"),
    ("A='it # is $HOME'", "it # is $HOME"),
    ("A='x' # comment", "x"),
    ('A="a \\"b\\" \\$c"', 'a "b" $c'),
    ("A=''", ""),
    ("A=postgres://u:p@h/d?x=1&y", "postgres://u:p@h/d?x=1&y"),
]
BAD = [
    "A",
    "=1",
    "A B=1",
    "1A=x",
    "A='x",
    'A="x',
    "A='x' y",
    "A = x",
    "A=it's",
    "A=\"x\" 'y'",
    "- A=1",
    "SLACKWATER_A=1",
]


@pytest.mark.parametrize(("line", "value"), LINES)
def test_a_line_gives_its_value(line: str, value: str) -> None:
    """Nothing is expanded."""
    assert ({"A": value}, []) == parse(line, "prod.env")


@pytest.mark.parametrize("line", BAD)
def test_a_bad_line_is_named_and_the_others_are_read(line: str) -> None:
    """The fault names file and line, and does not show what stands there."""
    values, faults = parse(f"# head\n\nX=1\n{line}\nY=2\n", "prod.env")

    assert {"X": "1", "Y": "2"} == values
    assert [("prod.env", 4, None)] == [(fault.file, fault.line, fault.value) for fault in faults]


def test_the_last_of_two_lines_wins() -> None:
    """As in a shell."""
    assert ({"A": "2"}, []) == parse("A=1\nA=2\n", "prod.env")


def test_a_file_that_is_not_there_is_a_fault(tmp_path: Path) -> None:
    """It names the setting that asked for it."""
    values, (fault,) = read(tmp_path / "prod.env", "prod.env")

    assert ({}, "env_file", "'prod.env'") == (values, fault.field, fault.value)
