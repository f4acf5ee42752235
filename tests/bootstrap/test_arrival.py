"""What an operator reads of an instance that is gone."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from slackwater.agents.arrival import End, UnprovedError, arrive, is_warmed, masked
from slackwater.agents.signed import Aws, Metadata
from slackwater.lab.metadata import Instance, Service
from tests.bootstrap.machine import Machine

BARE: dict[str, Any] = {"app": None, "fleet": "production"}
HOOK = {"group": "shop-prod", "launch_hook": "launching"}


def test_a_reason_means_that_the_group_is_to_give_it_up() -> None:
    """Without one the instance serves."""
    assert "CONTINUE" == End("i-1", "proof", "", "r1", {}, []).result
    assert "ABANDON" == End("i-1", "proof", "not ready", None, {}, []).result


def test_the_hosts_own_secrets_are_not_shown(tmp_path: Path) -> None:
    """An app that prints its password when it fails to start."""
    folder = tmp_path / "etc/slackwater/shop/r1-aaaaaaaa/secrets"
    folder.mkdir(parents=True)
    (folder / "DATABASE_PASSWORD").write_text("correct horse\nbattery staple\n")

    assert "login with *** and *** failed" == masked("login with correct horse and battery staple failed", tmp_path)


def test_a_short_value_is_no_secret(tmp_path: Path) -> None:
    """It would be found in words that are none."""
    folder = tmp_path / "etc/slackwater/shop/r1-aaaaaaaa/secrets"
    folder.mkdir(parents=True)
    (folder / "PIN").write_text("is")

    assert "this is it" == masked("this is it", tmp_path)


def aws(machine: Machine) -> Aws:
    return Aws(Metadata(machine.service.url), machine.sky.region, machine.sky.url, time.monotonic())


def test_the_word_that_was_heard_is_kept(machine: Machine, tmp_path: Path) -> None:
    """The next boot is none of the group's business."""
    arrive(aws(machine), HOOK, machine.me.id, BARE, mark=tmp_path / "arrived")

    assert machine.me.id == (tmp_path / "arrived").read_text()


def test_a_group_that_was_not_told_is_no_arrival(machine: Machine, tmp_path: Path) -> None:
    """It will replace the instance, and the next boot must not believe otherwise."""
    machine.sky.fail("autoscaling", "CompleteLifecycleAction", "ValidationError", times=100)
    with pytest.raises(UnprovedError, match="the group was not told: autoscaling /: 400 ValidationError"):
        arrive(aws(machine), HOOK, machine.me.id, BARE, mark=tmp_path / "arrived", grace=1)

    assert not (tmp_path / "arrived").exists()


def test_a_group_that_the_instance_has_left_waits_for_no_word(machine: Machine, tmp_path: Path) -> None:
    """It was detached, or a group of that name was made anew."""
    arrive(aws(machine), HOOK, "i-0fedcba9876543210", BARE, mark=tmp_path / "arrived")

    assert ("autoscaling", "DescribeAutoScalingInstances") == machine.sky.calls[-1]


def test_a_warm_pool_is_one_that_the_metadata_name(service: Service, me: Instance) -> None:
    """Other instances arrive once."""
    found = []
    for me.target in ("Warmed:Stopped", "InService", None):
        found.append(is_warmed(Metadata(service.url)))

    assert [True, False, False] == found


def test_who_cannot_know_proves_itself_again() -> None:
    """One that never did again, started from the pool, would not be told to the group, and be given up."""
    assert is_warmed(Metadata("http://127.0.0.1:1"), seconds=0.5)
