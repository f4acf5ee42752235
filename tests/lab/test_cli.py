"""The command itself: its help, and what it refuses before it touches the machine."""

from __future__ import annotations

import click
import pytest
from click.testing import CliRunner

from slackwater.lab.cli import lab

COMMANDS = sorted(lab.commands)


def test_every_verb_is_there() -> None:
    """A missing one is a test that cannot be written later."""
    expected = ["cloud", "down", "load", "logs", "network", "power-cut", "reboot", "ssh", "start", "status", "up"]

    assert expected == COMMANDS


@pytest.mark.parametrize("name", COMMANDS)
def test_help_shows_an_example(name: str) -> None:
    """With the whole command as one types it."""
    result = CliRunner().invoke(lab, [name, "--help"])

    assert 0 == result.exit_code
    assert f"Example:\n    slackwater lab {name}" in result.output


@pytest.mark.parametrize("name", ["up", "down"])
def test_help_of_the_clouds_verbs_shows_an_example(name: str) -> None:
    """The group inside the group is no exception."""
    result = CliRunner().invoke(lab, ["cloud", name, "--help"])

    assert 0 == result.exit_code
    assert f"Example:\n    slackwater lab cloud {name}" in result.output


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["up", "--small-disk", "300M"], "'300M' is not HOST=VALUE"),
        (["up", "--suite-of", "app-1="], "'app-1=' is not HOST=VALUE"),
        (["up", "--suite", "sid"], "'sid' is not one of 'bookworm', 'trixie'"),
        (["up", "--app", "many"], "'many' is not a valid integer"),
        (["network", "app-1", "slow"], "'slow' is not one of 'off', 'on'"),
    ],
)
def test_a_word_that_makes_no_sense_is_refused(words: list[str], complaint: str) -> None:
    """Exit status 2, and the sentence names the word."""
    result = CliRunner().invoke(lab, words)

    assert 2 == result.exit_code
    assert complaint in result.output


def test_the_lab_can_be_named_by_the_environment() -> None:
    """Every verb that has --name reads the same variable."""
    options = [option for command in lab.commands.values() for option in command.params if option.name == "name"]

    assert ["SLACKWATER_LAB"] * len(options) == [
        option.envvar for option in options if isinstance(option, click.Option)
    ]
