"""The cloud with hosts as a command, and nothing of it left behind."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from click.testing import CliRunner, Result

from slackwater.lab import Lab
from slackwater.lab.cli import lab
from slackwater.lab.cloud.background import down, running
from slackwater.lab.cloud.moto import KEYS
from tests.hosts.cloud.conftest import is_off, until
from tests.hosts.conftest import OWN

NAME = f"{OWN}-command"


@pytest.fixture
def directory(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path / "cloud"
    down(tmp_path / "cloud")
    Lab(NAME).down()


def run(directory: Path, *words: str) -> Result:
    return CliRunner().invoke(lab, ["cloud", *words, "--directory", str(directory)])


def up(directory: Path) -> Any:
    """EC2 of a cloud whose instances are hosts."""
    result = run(directory, "up", "--hosts", "--name", NAME, "--json")
    assert 0 == result.exit_code, result.output
    endpoint = json.loads(result.stdout)["endpoint"]
    return boto3.client("ec2", endpoint_url=endpoint, region_name="eu-central-1", **KEYS)


def launch(ec2: Any) -> str:
    image = ec2.register_image(Name="plain", Architecture="x86_64", RootDeviceName="/dev/xvda")["ImageId"]
    instance = ec2.run_instances(ImageId=image, MinCount=1, MaxCount=1)["Instances"][0]["InstanceId"]
    until(lambda: [host.name for host in Lab(NAME).instances() if not is_off(host)])
    return str(instance)


def test_an_instance_is_a_host_of_the_lab_until_the_cloud_is_gone(directory: Path) -> None:
    """`status` shows it; a notice ends it; with the cloud goes a lab that has nothing else."""
    ec2 = up(directory)
    first = launch(ec2)
    seen = json.loads(CliRunner().invoke(lab, ["status", "--name", NAME, "--json"]).stdout)["hosts"]
    told = run(directory, "interrupt", first, "--seconds", "1")
    until(lambda: not Lab(NAME).instances())
    launch(ec2)
    ended = run(directory, "down")

    assert [("instance-1", "instance")] == [(each["name"], each["group"]) for each in seen]
    assert [0, 0] == [told.exit_code, ended.exit_code]
    assert not Lab(NAME).exists()


def test_a_cloud_that_was_killed_leaves_nothing_either(directory: Path) -> None:
    """`down` takes away what it left; without the record the next cloud does."""
    launch(up(directory))
    record = running(directory)
    assert record is not None
    os.kill(record.pid, signal.SIGKILL)
    until(lambda: running(directory) is None)
    ended = run(directory, "down")

    assert 0 == ended.exit_code, ended.exception
    assert not Lab(NAME).exists()
