"""What AWS refuses, and by which code: the library decides by codes, never by words."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest

from tests.contract.account import Account
from tests.contract.group import UP, Group, refused

Refusal = Callable[[Group], str]


def made_again(group: Group) -> str:
    about = {"AutoScalingGroupName": group.name, "MinSize": 0, "MaxSize": 1}
    template = {"LaunchTemplateName": group.name, "Version": "1"}
    zones = ",".join(group.account.subnets)
    create = partial(group.asg.create_auto_scaling_group, **about, LaunchTemplate=template, VPCZoneIdentifier=zones)
    return refused(create)


def too_large(group: Group) -> str:
    return refused(lambda: group.desire(3))


def hurried_hook(group: Group) -> str:
    return refused(
        lambda: group.asg.put_lifecycle_hook(
            AutoScalingGroupName=group.name, LifecycleHookName=UP, HeartbeatTimeout=29,
            LifecycleTransition="autoscaling:EC2_INSTANCE_LAUNCHING",
        )
    )  # fmt: skip


def late_schedule(group: Group) -> str:
    yesterday = datetime.now(UTC) - timedelta(days=1)
    about = {"AutoScalingGroupName": group.name, "ScheduledActionName": "late", "MinSize": 0}
    return refused(lambda: group.asg.put_scheduled_update_group_action(**about, StartTime=yesterday))


def no_refresh(group: Group) -> str:
    return refused(lambda: group.asg.cancel_instance_refresh(AutoScalingGroupName=group.name))


def unknown_instance(group: Group) -> str:
    return refused(lambda: group.complete(UP, "i-0123456789abcdef0"))


REFUSED: dict[str, tuple[Refusal, str]] = {
    "a group of that name is there": (made_again, "AlreadyExists"),
    "more than the maximum": (too_large, "ValidationError"),
    "a heartbeat under 30 s": (hurried_hook, "ValidationError"),
    "a schedule in the past": (late_schedule, "ValidationError"),
    "no refresh to cancel": (no_refresh, "ActiveInstanceRefreshNotFound"),
    "an instance that is not the group's": (unknown_instance, "ValidationError"),
}


@pytest.fixture(scope="module")
def some_group(account: Account) -> Group:
    return Group(account, f"{account.prefix}-refusals")


@pytest.mark.parametrize("case", REFUSED)
def test_a_refusal_has_its_code(some_group: Group, case: str) -> None:
    refusal, code = REFUSED[case]

    assert code == refusal(some_group)


def test_a_group_that_is_not_there_is_described_as_nothing(account: Account) -> None:
    """No refusal: that is how the library finds out that it must make one."""
    asked = {"AutoScalingGroupNames": [f"{account.prefix}-none"]}

    assert [] == account.client("autoscaling").describe_auto_scaling_groups(**asked)["AutoScalingGroups"]
