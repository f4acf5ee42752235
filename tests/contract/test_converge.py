"""The library's own plan: carried out once there is nothing left to do, and what is deleted is gone."""

from __future__ import annotations

from slackwater.aws.apply import apply
from slackwater.aws.call import Call
from slackwater.aws.delete import plan_delete
from slackwater.aws.plan import Declared, plan
from slackwater.aws.world import observe
from slackwater.settings import Image, Policy, ScalingGroup, Schedule
from tests.contract.account import KIND, Account


def declared(account: Account, **told: object) -> ScalingGroup:
    """Of no instance: what is asked is what AWS keeps, and how it says it."""
    sound = {
        "name": f"{account.prefix}-whole",
        "region": account.clients.region,
        "image": Image.id(account.image),
        "instance_types": [KIND],
        "subnets": account.subnets,
        "security_groups": [account.security_group],
        "instance_profile": account.instance_profile(),
        "policies": Policy.defaults(),
        "schedules": [Schedule(name="morning", cron="0 7 * * 1-5", time_zone="Europe/Berlin", minimum=0)],
        "minimum": 0,
        "maximum": 2,
        "desired": 0,
        "tags": {"slackwater-contract": account.prefix},
    }
    return ScalingGroup(**{**sound, **told})  # type: ignore[arg-type]


def planned(account: Account, group: ScalingGroup) -> list[Call]:
    return list(plan(Declared(group, "#cloud-config\n"), observe(account.clients, group, None)).calls)


def carried_out(account: Account, calls: list[Call]) -> None:
    apply(calls, account.clients, lambda _: None, lambda _: None)


def test_converge_twice_rest_once(account: Account) -> None:
    """AWS says again what it was told, so that the second plan is empty; a change is one, and then none."""
    group = declared(account)
    carried_out(account, planned(account, group))
    rest = planned(account, group)
    changed = declared(account, maximum=3)
    change = planned(account, changed)
    carried_out(account, change)
    rest_again = planned(account, changed)
    carried_out(account, list(plan_delete(changed, observe(account.clients, changed, None))))

    assert [] == [f"{call.name}: {call.reason}" for call in rest]
    assert ["autoscaling update_auto_scaling_group"] == [call.name for call in change]
    assert [] == [f"{call.name}: {call.reason}" for call in rest_again]
    assert observe(account.clients, group, None).group is None
