"""Hosts of Auto Scaling groups: who is in, under which name, at which address; and what holds without AWS."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
import pytest

from slackwater.agents.scaling_groups import IN_A_QUESTION
from slackwater.errors import CloudError, SettingsError
from slackwater.inventory import scaling_group_hosts
from slackwater.inventory.reading import GROUPS_TAG
from slackwater.inventory.states import noting
from tests.conftest import LONG
from tests.sky import REGION, Sky

OUT = (
    *("Pending", "Pending:Wait", "Pending:Proceed", "Terminating", "Terminating:Wait", "Terminating:Proceed"),
    *("Terminated", "Detaching", "Detached", "EnteringStandby", "Standby", "Warmed:Stopped", "Warmed:Running"),
)
DESCRIBED = """<DescribeInstancesResponse><reservationSet><item><instancesSet><item>
<instanceId>{}</instanceId><privateIpAddress>10.0.0.7</privateIpAddress>
</item></instancesSet></item></reservationSet></DescribeInstancesResponse>"""
NO_CREDENTIALS = "no AWS credentials were found"


@contextmanager
def command(name: str, **given: Any) -> Iterator[None]:
    """As if that command ran: pyinfra's own is called `cli`."""
    context = click.Context(click.Command(name))
    context.params = given
    with context:
        yield


def hosts(cloud: Sky, name: str, **more: Any) -> dict[str, Any]:
    return scaling_group_hosts(name, environment="prod", region=REGION, endpoint=cloud.url, **more)


def names(found: dict[str, Any], group: str = "app") -> list[str]:
    return [name for name, _ in found[group]]


def tag(cloud: Sky, instance: str, **tags: str) -> None:
    pairs = [{"Key": GROUPS_TAG if key == "groups" else key, "Value": value} for key, value in tags.items()]
    cloud.client("ec2").create_tags(Resources=[instance], Tags=pairs)


def test_members_are_named_by_their_id_and_reached_at_their_private_address(cloud: Sky, project: Path) -> None:
    """The data are pyinfra's own word for where ssh goes, and what Slackwater itself asks for."""
    instance, *_ = cloud.group("plain", 1)
    told = cloud.client("ec2").describe_instances(InstanceIds=[instance])["Reservations"][0]["Instances"][0]
    found = hosts(cloud, "plain", data={"ssh_user": "admin"})
    address = told["PrivateIpAddress"]
    data = {"ssh_hostname": address, "address": address, "instance": instance, "region": REGION, "ssh_user": "admin"}

    assert ([(instance, {**data, "zone": f"{REGION}a"})], [], []) == (found["app"], found["worker"], found["balancer"])


@pytest.mark.parametrize("state", OUT)
def test_only_members_in_service_are_hosts(cloud: Sky, project: Path, state: str) -> None:
    """One that boots is converged by itself, one that goes must be left alone."""
    stays, other = sorted(cloud.group("states", 2))
    cloud.put_in(state, other)

    assert [stays] == names(hosts(cloud, "states"))


def test_whoever_listens_hears_the_states_of_app_instances(cloud: Sky, project: Path) -> None:
    """Also of those that are no hosts yet; of one answer with those that are. Outside nobody is told anything."""
    boots, serves, works = sorted(cloud.group("heard", 3))
    cloud.put_in("Pending:Wait", boots)
    tag(cloud, works, groups="worker")
    hosts(cloud, "heard")
    with noting() as states:
        found = hosts(cloud, "heard")

    assert [serves] == names(found)
    assert {boots: "Pending:Wait", serves: "InService"} == states


def test_an_old_list_tells_no_states(cloud: Sky, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who booted then has arrived long ago, or is gone: a rollout would wait for it in vain."""
    boots, serves = sorted(cloud.group("past", 2))
    cloud.put_in("Pending:Wait", boots)
    hosts(cloud, "past")
    monkeypatch.setenv("SLACKWATER_OFFLINE", "run")
    with noting() as states:
        found = hosts(cloud, "past")

    assert ([serves], {}) == (names(found), states)


def test_members_in_standby_are_hosts_by_choice(cloud: Sky, project: Path) -> None:
    """Somebody took them out to work on them, with a converge perhaps."""
    all_of_them = sorted(cloud.group("standby", 2))
    cloud.put_in("Standby", all_of_them[0])

    assert all_of_them == names(hosts(cloud, "standby", standby="in"))


def test_a_tag_says_which_groups_a_member_is_in(cloud: Sky, project: Path) -> None:
    """One without the tag is in those that the inventory declares."""
    first, second = sorted(cloud.group("tagged", 2))
    tag(cloud, first, groups="worker, balancer")
    found = hosts(cloud, "tagged", groups=["app"])

    assert {"app": [second], "worker": [first], "balancer": [first]} == {group: names(found, group) for group in found}


def test_a_name_tag_is_followed_by_the_id(cloud: Sky, project: Path) -> None:
    """All instances of a group bear one Name: with it alone two hosts would be one."""
    first, second = sorted(cloud.group("named", 2))
    for instance in (first, second):
        tag(cloud, instance, Name="shop")

    assert [f"shop-{one[-8:]}" for one in (first, second)] == names(hosts(cloud, "named", names="tag"))


@pytest.mark.parametrize(
    ("written", "name"),
    [("../../etc/shop", "etc-shop"), ("shop web", "shop-web"), ("..", "host"), ("a/../b", "a-..-b")],
)
def test_a_name_tag_is_no_way_out_of_a_directory(cloud: Sky, project: Path, written: str, name: str) -> None:
    """A host's name becomes a file's name, and whoever may tag an instance would choose where it lies."""
    (instance,) = cloud.group(f"tag {name}", 1)
    tag(cloud, instance, Name=written)

    assert [f"{name}-{instance[-8:]}"] == names(hosts(cloud, f"tag {name}", names="tag"))


@pytest.mark.parametrize("purpose", ["lint", "rollout"])
@pytest.mark.parametrize("named", [(), ("",), ("web", " ")])
def test_no_name_is_not_every_group_of_the_region(project: Path, named: tuple[str, ...], purpose: str) -> None:
    """AWS takes an empty list for all of them, and a run would change others' hosts."""
    with command(purpose), pytest.raises(SettingsError, match="must name at least one Auto Scaling group"):
        scaling_group_hosts(*named, environment="prod", region=REGION)


def test_a_member_that_ec2_does_not_describe_is_left_out_of_a_run(
    cloud: Sky, project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """ssh would go to its id, a name that may be anybody's; settings can be checked without its address."""
    seen, unseen = cloud.group("undescribed", 2)
    cloud.endpoint.say("ec2", "DescribeInstances", DESCRIBED.format(seen), times=2)
    with command("lint"):
        checked = names(hosts(cloud, "undescribed"))
    said_before = capsys.readouterr().err
    found = names(hosts(cloud, "undescribed"))

    assert (sorted([seen, unseen]), [seen]) == (checked, found)
    assert f"EC2 does not describe {unseen} of undescribed" in capsys.readouterr().err
    assert unseen not in said_before


def test_a_group_that_is_deleted_leaves_no_old_list(cloud: Sky, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """At the addresses of its instances are strangers by now, whatever is asked for."""
    cloud.group("deleted", 1)
    hosts(cloud, "deleted")
    cloud.client("autoscaling").delete_auto_scaling_group(AutoScalingGroupName="deleted", ForceDelete=True)
    hosts(cloud, "deleted")
    monkeypatch.setenv("SLACKWATER_OFFLINE", "run")
    with command("rollout"):
        acted = names(hosts(cloud, "deleted"))
    with command("lint"):
        checked = names(hosts(cloud, "deleted"))

    assert ([], ["deleted"]) == (acted, checked)


def test_ssh_may_go_to_the_instances_id(cloud: Sky, project: Path) -> None:
    """As a session of the Systems Manager does."""
    (instance,) = cloud.group("sessions", 1)
    ((_, data),) = hosts(cloud, "sessions", address="instance")["app"]

    assert instance == data["ssh_hostname"]
    assert instance != data["address"]


def test_a_large_group_is_read_whole(cloud: Sky, project: Path) -> None:
    """More than one question to EC2 holds."""
    size = IN_A_QUESTION + 5 if LONG else 7

    assert sorted(cloud.group("large", size)) == names(hosts(cloud, "large"))


def test_several_groups_are_one_fleet(cloud: Sky, project: Path) -> None:
    """The web tier and the workers, each from a group of its own."""
    both = [*cloud.group("web", 1), *cloud.group("jobs", 1)]
    found = scaling_group_hosts("web", "jobs", environment="prod", region=REGION, endpoint=cloud.url)

    assert sorted(both) == sorted(names(found))


def test_a_group_that_is_not_made_yet_has_no_hosts(
    cloud: Sky, project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The first run makes it; until then there is nobody to converge."""
    assert [] == names(hosts(cloud, "to-come"))
    assert "there is no Auto Scaling group to-come in eu-central-1 (yet)" in capsys.readouterr().err


def test_what_was_read_is_kept_for_its_owner_alone(cloud: Sky, project: Path) -> None:
    """Addresses of a fleet are nobody else's business; nothing in it lets anyone in."""
    cloud.group("kept", 1)
    hosts(cloud, "kept", data={"ssh_password": "hunter2"})
    file = project / ".slackwater/inventory-prod.json"

    assert 0o600 == file.stat().st_mode & 0o777
    assert "hunter2" not in file.read_text()


def test_lint_goes_by_the_last_reading_and_says_how_old_it_is(
    cloud: Sky, project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A train without network is no reason for not checking settings."""
    before = (cloud.group("on-a-train", 2), hosts(cloud, "on-a-train"))[1]
    make_older(project, 2 * 3600)
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    with command("lint"):
        after = hosts(cloud, "on-a-train")

    assert before == after
    said = capsys.readouterr().err
    assert NO_CREDENTIALS in said
    assert "The members of on-a-train are those of 2 hours ago, from " in said


def make_older(project: Path, seconds: int) -> None:
    file = project / ".slackwater/inventory-prod.json"
    entries = {name: entry | {"read_at": time.time() - seconds} for name, entry in json.loads(file.read_text()).items()}
    file.write_text(json.dumps(entries))


def test_a_dry_run_goes_by_the_last_reading_too(cloud: Sky, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It changes nothing."""
    before = (cloud.group("dry", 1), hosts(cloud, "dry"))[1]
    monkeypatch.setenv("SLACKWATER_OFFLINE", "1")
    with command("cli", dry=True, operations=("deploy.py",)):
        after = hosts(cloud, "dry")

    assert before == after


@pytest.mark.parametrize("offline", ["", "1"])
def test_hosts_are_not_changed_by_an_old_list(
    cloud: Sky, project: Path, monkeypatch: pytest.MonkeyPatch, offline: str
) -> None:
    """It lacks who came, and an address in it may be a stranger's by now: the sentence says how to ask for it."""
    cloud.group("old", 1)
    hosts(cloud, "old")
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    if offline:
        monkeypatch.setenv("SLACKWATER_OFFLINE", offline)
    with command("cli", dry=False, operations=("deploy.py",)), pytest.raises(CloudError) as error:
        hosts(cloud, "old")

    assert "the members of old are not known: " in str(error.value)
    assert "with SLACKWATER_OFFLINE=run: an old list lacks new instances" in str(error.value)


def test_hosts_are_changed_by_an_old_list_when_that_is_asked_for(
    cloud: Sky, project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """AWS's API may be down on the day on which a host must be mended."""
    before = (cloud.group("asked-for", 1), hosts(cloud, "asked-for"))[1]
    monkeypatch.setenv("SLACKWATER_OFFLINE", "run")
    asked = cloud.asked
    with command("rollout"):
        after = hosts(cloud, "asked-for")

    assert (before, asked) == (after, cloud.asked)
    assert "are those of less than a minute ago" in capsys.readouterr().err


def test_without_any_reading_a_host_stands_for_the_group_in_lint(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """So that a project that was never deployed is checked like one that was; and with `status` nobody is asked."""
    with command("lint"):
        found = scaling_group_hosts("never", environment="prod", region=REGION)

    assert ["never"] == names(found)
    assert "One host stands for the members of never; sign in to AWS" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["status", "rollout", "cli"])
def test_without_any_reading_others_are_refused(project: Path, name: str) -> None:
    """Nobody connects to a host that only stands for others."""
    with command(name), pytest.raises(CloudError, match="no earlier reading is there to go by"):
        scaling_group_hosts("never", environment="prod", region=REGION)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"aws/eu-central-1/never": {"members": 3}}'])
def test_a_broken_file_is_no_reading(project: Path, text: str) -> None:
    """It is written anew at the next one."""
    (project / ".slackwater").mkdir()
    (project / ".slackwater/inventory-prod.json").write_text(text)
    with command("lint"):
        found = scaling_group_hosts("never", environment="prod", region=REGION)

    assert ["never"] == names(found)
