"""The cloud as a process that outlives its command."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
from click.testing import CliRunner, Result

from slackwater.errors import LabError
from slackwater.lab.cli import lab
from slackwater.lab.cloud.background import FILE, Kind, down, running, up
from slackwater.lab.cloud.began import began
from slackwater.lab.cloud.endpoint import environment


def run(directory: Path, *words: str) -> Result:
    return CliRunner().invoke(lab, ["cloud", *words, "--directory", str(directory)])


@pytest.fixture
def directory(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path / "cloud"
    down(tmp_path / "cloud")


def test_it_is_started_once_and_ended_once(directory: Path) -> None:
    """A second `up` names the same endpoint, a second `down` has nothing to do."""
    first, second = run(directory, "up", "--json"), run(directory, "up", "--json")
    endpoint = json.loads(first.stdout)["endpoint"]
    record = running(directory)
    ends = [run(directory, "down") for _ in range(2)]

    assert [0] * 4 == [each.exit_code for each in (first, second, *ends)]
    assert ("started", "is there already") == (first.stderr.split()[1][:-1], " ".join(second.stderr.split()[1:4])[:-1])
    assert {"endpoint": endpoint} == json.loads(second.stdout)
    assert record is not None
    assert ["cloud: removed\n", "cloud: nothing to do\n"] == [each.stderr for each in ends]
    assert None is began(record.pid)


def test_it_answers_on_loopback_only(directory: Path) -> None:
    """By any client that is given its address."""
    record, started = up(directory)
    keys = {"aws_access_key_id": "a", "aws_secret_access_key": "b", "region_name": "eu-central-1"}
    sts = boto3.client("sts", endpoint_url=record.endpoint, **keys)

    assert started
    assert record.endpoint.startswith("http://127.0.0.1:")
    assert 12 == len(sts.get_caller_identity()["Account"])
    assert record.endpoint == environment(record.endpoint)["AWS_ENDPOINT_URL"]


def test_one_that_was_killed_is_started_again(directory: Path) -> None:
    """What its record says is not believed."""
    killed, _ = up(directory)
    os.kill(killed.pid, signal.SIGKILL)
    while began(killed.pid) == killed.began:
        time.sleep(0.01)
    again, started = up(directory)

    assert started
    assert killed.pid != again.pid


def test_another_process_of_the_same_number_is_left_alone(directory: Path) -> None:
    """Numbers are used again; the start time tells them apart."""
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as other:
        directory.mkdir()
        record = {"pid": other.pid, "began": (began(other.pid) or 0) - 1, "endpoint": "http://127.0.0.1:1"}
        (directory / FILE).write_text(json.dumps(record))
        result = run(directory, "down")
        alive = other.poll() is None
        other.communicate(b"\n")

    assert (0, "cloud: nothing to do\n") == (result.exit_code, result.stderr)
    assert alive
    assert not (directory / FILE).exists()


@pytest.mark.parametrize("first", [True, False])
def test_one_without_hooks_does_not_pass_for_one_with_them(directory: Path, first: bool) -> None:
    """Nor the other way about: a drain that nobody waited for would look like one that lost nothing."""
    up(directory, kind=Kind(lifecycle=first))
    words = [] if first else ["--lifecycle"]
    other = run(directory, "up", *words)
    same, started = up(directory, kind=Kind(lifecycle=first))

    assert isinstance(other.exception, LabError)
    assert f"is there already, {'with' if first else 'without'} --lifecycle" in str(other.exception)
    assert "slackwater lab cloud down" in str(other.exception)
    assert (running(directory), False) == (same, started)


def test_a_port_that_is_taken_is_a_sentence(directory: Path) -> None:
    """With the log's last words, and no process is left."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(LabError, match=r"does not start. Its log, .*cloud.log:"):
            up(directory, port=taken.getsockname()[1])

    assert None is running(directory)


@pytest.mark.parametrize("command", ["up", "down"])
def test_where_nothing_may_be_kept_another_directory_is_asked_for(tmp_path: Path, command: str) -> None:
    """As in root's place for somebody else."""
    (tmp_path / ".lock").mkdir()
    result = run(tmp_path, command)

    assert isinstance(result.exception, LabError)
    assert "give a --directory of your own" in str(result.exception)


@pytest.mark.parametrize("command", ["interrupt", "rebalance"])
def test_without_a_cloud_there_is_nobody_to_tell(directory: Path, command: str) -> None:
    """The command says which one starts it."""
    result = run(directory, command, "i-0")

    assert isinstance(result.exception, LabError)
    assert "slackwater lab cloud up" in str(result.exception)


def test_an_instance_is_told_by_a_command(directory: Path) -> None:
    """What cannot be done is a sentence of the cloud's own."""
    up(directory)
    result = run(directory, "interrupt", "i-0")

    assert isinstance(result.exception, LabError)
    assert "there is no instance i-0" in str(result.exception)
