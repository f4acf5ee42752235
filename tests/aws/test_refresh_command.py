"""`slackwater rollout --strategy refresh` as an operator types it, against the lab's cloud."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from collections.abc import Iterator
from typing import Any

import pytest

from slackwater.changes import Changes
from slackwater.release import open_releases
from slackwater.settings import Store
from tests.aws.project import Project
from tests.aws.resources import Lab
from tests.aws.resources import lab as start
from tests.aws.test_refresh import newest, versions

ROLLOUT = ("rollout", "inventories/prod.py", "--strategy", "refresh")
BEGUN_WITHIN = 90
"""Seconds for the command to have read the project, built its bundle and begun."""


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    with start() as running:
        yield running


@pytest.fixture(scope="module")
def project(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Its group is there, with two instances."""
    made = Project(tmp_path_factory.mktemp("project"), lab, "refreshed")
    done = made.run("apply", "inventories/prod.py", "--yes")
    assert 0 == done.returncode, done.stderr
    return made


def change(project: Project, what: str) -> str:
    """Another content of the bundle makes another version of the template; its number."""
    project.put("group_data/prod.py", f'environment = "production"  # {what}\n')
    done = project.run("apply", "inventories/prod.py", "--yes")
    assert 0 == done.returncode, done.stderr
    return versions(project.lab, group(project))[0]


def group(project: Project) -> Any:
    return project.lab.declare(name=project.name)


def lines(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def test_success_failure_and_interruption(project: Project, lab: Lab) -> None:
    """0 when all is new, 1 when all is as before, 130 when it goes on alone; then --cancel brings it back."""
    second = change(project, "second")
    preview = project.run(*ROLLOUT, "--dry-run")
    untouched = versions(lab, group(project))
    done = project.run(*ROLLOUT, "--every", "0.1", "--json")
    *said, last = lines(done.stdout)

    assert (0, True) == (preview.returncode, "would be replaced: version 1" in preview.stdout)
    assert (second, ["1", "1"]) == untouched
    assert (0, {"ok": True, "status": 0}) == (done.returncode, {key: last["result"][key] for key in ("ok", "status")})
    assert (second, [second, second]) == versions(lab, group(project))
    assert any(one["host"] and one["said"] == "version 1: gone" for one in said)

    third = change(project, "third")
    lab.endpoint.cloud.never_healthy(f"{project.name}:{third}")
    failed = project.run(*ROLLOUT, "--every", "0.1")

    assert (1, True) == (failed.returncode, "every instance is of the version before" in failed.stdout)
    assert (second, [second, second]) == versions(lab, group(project))

    lab.endpoint.cloud.healthy_again(f"{project.name}:{third}")
    status, told = interrupted(project, "60")
    cancelled = project.run(*ROLLOUT, "--cancel", "--every", "0.1")

    assert (130, True) == (status, "AWS goes on" in told and "--cancel" in told)
    assert 0 == cancelled.returncode, cancelled.stderr
    assert (second, [second, second]) == versions(lab, group(project))
    assert "RollbackSuccessful" == newest(lab, group(project))["Status"]


def interrupted(project: Project, every: str) -> tuple[int, str]:
    """Ctrl-C while it waits for its second look."""
    with project.start(*ROLLOUT, "--every", every, stderr=subprocess.STDOUT) as command:
        assert command.stdout
        head, until = "", time.monotonic() + BEGUN_WITHIN
        while "Pending 0 %" not in head and time.monotonic() < until:
            head += command.stdout.readline()
        command.send_signal(signal.SIGINT)
        rest, _ = command.communicate(timeout=BEGUN_WITHIN)
    return command.returncode, head + rest


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--strategy", "refresh", "--release", "1"], "--release belongs to --strategy in-place"),
        (["--strategy", "refresh", "--pause"], "cannot be paused"),
        (["--checkpoint", "20"], "--checkpoint belongs to --strategy refresh"),
    ],
)
def test_words_of_the_other_strategy_are_refused(project: Project, words: list[str], sentence: str) -> None:
    """Before anything is read: a word that does nothing would be believed."""
    done = project.run("rollout", "inventories/prod.py", *words)

    assert (2, True) == (done.returncode, sentence in done.stderr)


def test_without_a_refresh_cancel_is_an_error(project: Project) -> None:
    """And for programs it is one, too."""
    done = project.run(*ROLLOUT, "--cancel", "--json")

    assert 1 == done.returncode
    assert "no refresh is going on" in lines(done.stdout)[-1]["result"]["error"]


def test_while_a_release_is_rolled_out_it_is_refused(project: Project, lab: Lab) -> None:
    """In place, by somebody who is named."""
    store = Store.s3(f"s3://{lab.ground.bucket}/fleet")
    changes = Changes(open_releases(store, project.place).files, "shop", "production")
    mine = changes.begin("rollout", "r2", None)
    refused = project.run(*ROLLOUT)
    changes.end(mine)

    assert 1 == refused.returncode
    assert f"a rollout to r2 by {mine.owner}" in refused.stderr
