"""Instances that are on their way into service while the pointer moves: nobody joins unseen with another release."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator

import pytest

from slackwater.lab.cloud import Endpoint, Ground, cloud

from .commands import Launcher
from .group import Group
from .site import Site

TWO = ("app-1", "app-2")
THREE = (*TWO, "app-3")
NOW = ("--release", "r2", "--bake", "0")


@pytest.fixture(scope="module")
def sky(launcher: Launcher) -> Iterator[Endpoint]:
    """The operator is signed in to it."""
    signed_in = launcher.home / ".aws/credentials"
    signed_in.parent.mkdir()
    signed_in.write_text("[default]\naws_access_key_id = key\naws_secret_access_key = secret\n")
    with cloud(lifecycle=True) as endpoint:
        yield endpoint


@pytest.fixture(scope="module")
def ground(sky: Endpoint) -> Ground:
    return sky.cloud.ground()


@pytest.fixture
def group(sky: Endpoint, ground: Ground, request: pytest.FixtureRequest) -> Iterator[Group]:
    made = Group.make(sky, ground, request.node.name[:60])
    yield made
    made.delete()


def test_one_that_joins_with_the_old_release_after_the_pointer_has_moved(site: Site, group: Group) -> None:
    """Its last look at the pointer was before the move, its word to the group after it: the rollout brings it along."""
    (instance,) = group.stand_for(site, site.hosts["app-3"])
    work = site.begin("rollout", *NOW)
    work.await_said(f"waiting for {instance} (Pending:Wait)")
    proved = site.proved()
    group.answer(instance)

    assert 0 == work.wait(), work.said()
    assert proved
    assert "r2" == proved.release
    assert f"not on it yet: {instance}" in work.said()
    site.assert_whole("r2", *THREE)


def test_one_that_joins_with_the_new_release_is_left_alone(site: Site, group: Group) -> None:
    """It has looked once more before its word, as instances do."""
    site.hosts["app-3"].reset("r2")
    (instance,) = group.stand_for(site, site.hosts["app-3"])
    work = site.begin("rollout", *NOW)
    work.await_said(f"waiting for {instance} (Pending:Wait)")
    group.answer(instance)

    assert 0 == work.wait(), work.said()
    assert [] == site.hosts["app-3"].changes()
    site.assert_whole("r2", *THREE)


def test_a_rollback_waits_for_it_too(site: Site, group: Group) -> None:
    """The hosts in service are back before; so is the one that joins with what was to be left."""
    for name in THREE:
        site.hosts[name].reset("r2", "r1")
    site.prove("r2", "r1")
    (instance,) = group.stand_for(site, site.hosts["app-3"])
    work = site.begin("rollback")
    work.await_said(f"waiting for {instance} (Pending:Wait)")
    meanwhile = site.releases(*THREE)
    group.answer(instance)

    assert 0 == work.wait(), work.said()
    assert ["r1", "r1", "r2"] == meanwhile
    site.assert_whole("r1", *THREE)


def test_status_names_who_is_on_its_way(site: Site, group: Group) -> None:
    """It is no host yet: nothing is wrong with the fleet."""
    (instance,) = group.stand_for(site, site.hosts["app-3"])
    plain, work = site.run("status"), site.begin("status", "--json")

    assert (0, 0) == (plain[0], work.wait()), plain[1] + work.said()
    assert f"{instance}: on its way into service (Pending:Wait)" in plain[1]
    assert {instance: "Pending:Wait"} == json.loads(work.output.read_text())["arriving"]


def test_one_that_gives_up_is_waited_for_no_more(site: Site, group: Group) -> None:
    """The one that the group launches in its place looks at the pointer as it is now: nobody waits for that."""
    (instance,) = group.stand_for(site, site.hosts["app-3"])
    work = site.begin("rollout", *NOW)
    work.await_said(f"waiting for {instance} (Pending:Wait)")
    group.answer(instance, "ABANDON")

    assert 0 == work.wait(), work.said()
    assert f"{instance} on its way no more: " in work.said()
    site.assert_whole("r2", *TWO)
    assert "r1" == site.hosts["app-3"].release


def test_one_that_never_arrives_is_named(site: Site, group: Group) -> None:
    """Exit status 1 and a sentence; nothing is undone, and the next operator finds the fleet free."""
    (instance,) = group.stand_for(site, site.hosts["app-3"])
    status, said = site.ask("rollout", *NOW, "--arrival", "0")
    error = said[-1]["result"]["error"]

    assert 1 == status
    assert f"not in service yet, and perhaps with another release: {instance} (Pending:Wait)" in error
    assert "Every host in service runs r2, and r2 is proved" in error
    site.assert_whole("r2", *TWO)


def test_whoever_arrives_in_time_is_brought_along_though_another_hangs(site: Site, group: Group) -> None:
    """Each is looked at when it joins."""
    group.asg.set_desired_capacity(AutoScalingGroupName=group.name, DesiredCapacity=2)
    hangs, joins = group.stand_for(site, site.hosts["balancer-1"], site.hosts["app-3"])
    work = site.begin("rollout", *NOW)
    work.await_said("(Pending:Wait): not in service yet")
    group.answer(joins)
    work.await_said(f"not on it yet: {joins}")
    work.await_said(f"waiting for {hangs} (Pending:Wait): not in service yet")
    work.signal(signal.SIGINT)

    assert 1 == work.wait()
    assert f"interrupted: not in service yet, and perhaps with another release: {hangs} (Pending:Wait)" in work.said()
    site.assert_whole("r2", *THREE)


def test_nobody_has_to_wait(site: Site, group: Group) -> None:
    """Another operator ends the wait, and what is live stays live."""
    (instance,) = group.stand_for(site, site.hosts["app-3"])
    work = site.begin("rollout", *NOW)
    work.await_said(f"waiting for {instance} (Pending:Wait)")
    status, said = site.run("rollout", "--cancel")

    assert (0, 1) == (status, work.wait()), said
    assert f"cancelled: not in service yet, and perhaps with another release: {instance}" in work.said()
    site.assert_whole("r2", *TWO)


def test_a_cloud_that_does_not_answer_says_nothing_of_them(site: Site, group: Group) -> None:
    """It is asked again; who was on the way still is."""
    (instance,) = group.stand_for(site, site.hosts["app-3"])
    work = site.begin("rollout", *NOW)
    work.await_said(f"waiting for {instance} (Pending:Wait)")
    group.cloud.fail("autoscaling", "DescribeAutoScalingGroups", "AccessDenied")
    work.await_said("asking again")
    group.answer(instance)

    assert 0 == work.wait(), work.said()
    site.assert_whole("r2", *THREE)
