"""What waits, by the workers' own count: what is believed of the file, and what a group's instances make of it."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from slackwater.agents.drain.backlog import LARGEST, per_instance, waiting

NOW = 1_000_000.0
MEMBER = "<member><LifecycleState>{}</LifecycleState></member>"


def write(path: Path, document: object) -> Path:
    path.write_text(document if isinstance(document, str) else json.dumps(document))
    return path


@pytest.mark.parametrize("age", [0, 59, -5])
def test_all_queues_count(tmp_path: Path, age: float) -> None:
    """Those that this host's workers consume."""
    document = {"at": NOW - age, "queues": {"mail": 3, "images": 4}}

    assert 7 == waiting(write(tmp_path / "w", document), NOW)


@pytest.mark.parametrize(
    "document",
    [
        {"at": NOW - 61, "queues": {"mail": 3}},
        {"at": NOW, "queues": {"mail": -1}},
        {"at": NOW, "queues": {}},
        {"at": NOW, "queues": [3]},
        {"at": "now", "queues": {"mail": 3}},
        {"queues": {"mail": 3}},
        [],
        "{",
        "null",
        " " * (LARGEST + 1),
    ],
)
def test_what_is_none_is_not_zero(tmp_path: Path, document: object) -> None:
    """Zero would scale the group in; and the app's own user writes the file."""
    assert waiting(write(tmp_path / "w", document), NOW) is None


def test_what_is_no_plain_file_is_not_waited_for(tmp_path: Path) -> None:
    """The folder belongs to the app's user: a pipe would hold the thread for ever, a link might have no end."""
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to(write(tmp_path / "w", {"at": NOW, "queues": {"mail": 3}}))
    (tmp_path / "folder").mkdir()

    assert [None] * 3 == [waiting(tmp_path / name, NOW) for name in ("pipe", "link", "folder")]


def test_no_file_is_no_count(tmp_path: Path) -> None:
    """The workers have not started."""
    assert waiting(tmp_path / "none", NOW) is None


@pytest.mark.parametrize(
    ("states", "expected"),
    [(["InService"] * 4, 2.5), (["InService", "Pending:Wait", "Terminating:Wait"], 10.0), ([], 10.0)],
)
def test_it_is_shared_among_those_in_service(states: list[str], expected: float) -> None:
    """Who still boots, and who leaves, carries nothing out."""
    asked: list[object] = []

    def scaling(action: str, **arguments: str) -> str:
        asked.append((action, arguments))
        return f"<r>{''.join(map(MEMBER.format, states))}</r>"

    assert expected == per_instance(10, scaling, "shop-work")
    assert [("DescribeAutoScalingGroups", {"AutoScalingGroupNames.member.1": "shop-work"})] == asked
