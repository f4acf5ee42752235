"""What a drill declares is a project that the operator's own commands take."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from slackwater.drill.declared import GROUP
from slackwater.drill.operator import INVENTORY, Operator
from slackwater.errors import LabError, SlackwaterError
from slackwater.lab.cloud import cloud

BALANCER = {"ssh_hostname": "10.77.63.211", "address": "10.77.63.211", "ssh_user": "root", "ssh_key": "/nowhere/key"}

HANGS = r"""import os, time
os.write(1, b"half way, \xc3")
time.sleep(60)
"""


@pytest.fixture(scope="module")
def operator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Operator]:
    folder = tmp_path_factory.mktemp("drill")
    with cloud(folder) as sky:
        ground = sky.cloud.ground("drill")
        yield Operator.begin(folder / "project", sky, ground, BALANCER, minimum=2, maximum=4, desired=2, step=2)
        assert [] == sky.uncovered


def test_lint_has_nothing_against_it(operator: Operator) -> None:
    """Group, hooks, drain and balancer fit together, as they must in a fleet that serves people."""
    said = operator.slackwater("lint", INVENTORY)

    assert "warning" not in said.lower()


def test_a_command_that_fails_is_told_with_its_last_words(operator: Operator) -> None:
    """A release that is not there cannot be proved; the cloud is as it was."""
    with pytest.raises(LabError, match=rf"release prove {INVENTORY} nowhere ended with status 1:\n(.*\n)*.*'nowhere'"):
        operator.prove("nowhere")
    assert {} == operator.cloud.cloud.members(GROUP)


def test_a_command_that_hangs_is_told_with_its_last_words(operator: Operator, tmp_path: Path) -> None:
    """Bounded, and a fault of the report as well; a letter that it was ended in does not hide the others."""
    (tmp_path / "pyinfra.py").write_text(HANGS)

    with pytest.raises(LabError, match=rf"pyinfra {INVENTORY} deploy.py -y was not done after 2 s:\nhalf way.*\ufffd"):
        replace(operator, folder=tmp_path, limit=2).converge()


def test_an_alarm_that_cannot_ring_is_a_sentence(operator: Operator) -> None:
    """A scenario that fails so is a fault of the report; a traceback would leave none."""
    with pytest.raises(SlackwaterError, match="the alarm 'nobodys' could not ring: "):
        operator.alarm("nobodys")


def test_it_knows_no_secret_of_this_machine(operator: Operator) -> None:
    """What is written names keys by their place."""
    written = "".join(path.read_text() for path in Path(operator.folder).glob("*/*.py"))

    assert "/nowhere/key" in written
    assert "PRIVATE KEY" not in written
