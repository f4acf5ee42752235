"""Policies and their alarms: made together, changed by name, and nobody else's."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from slackwater.aws.alarms import observe_alarms
from slackwater.aws.call import Ref
from slackwater.aws.policies import Policies, normal, observe_policies, plan_policies, waiting_policies, wanted_policy
from slackwater.aws.target_group import FoundTargetGroup
from slackwater.settings import Metric, Policy, ScalingGroup, TargetGroup
from tests.aws.resources import VPC, Lab, checked, declare, names
from tests.aws.resources import lab as start

ELB = "arn:aws:elasticloadbalancing:eu-central-1:123456789012"
WEB = FoundTargetGroup("web", f"{ELB}:targetgroup/web/0123", load_balancers=(f"{ELB}:loadbalancer/app/front/4567",))
LONELY = FoundTargetGroup("web", f"{ELB}:targetgroup/web/0123")
NETWORK = FoundTargetGroup("web", WEB.arn, load_balancers=(f"{ELB}:loadbalancer/net/front/4567",))
CPU_HIGH = Policy.step("high", Metric.cpu(), above=70, adjustment=1)
REQUESTS = Policy.target("requests", Metric.requests_per_target(target_group="web"), value=1000)


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    with start() as running:
        yield running


def policed(*policies: Policy) -> ScalingGroup:
    return declare(policies=policies, target_groups=[TargetGroup(name="web", vpc=VPC)])


def found(*policies: Policy, name: str = "shop") -> Policies:
    """What AWS would hold after the plan for these."""
    group = policed(*policies)
    calls = plan_policies(group, Policies(), {"web": WEB})
    arns = {policy.name: f"arn:aws:autoscaling:eu-central-1:123456789012:{policy.name}" for policy in policies}
    put = {call.arguments["PolicyName"]: dict(call.arguments) for call in calls if call.service == "autoscaling"}
    alarms = {call.arguments["AlarmName"]: dict(call.arguments) for call in calls if call.service == "cloudwatch"}
    for each, alarm in alarms.items():
        alarm["AlarmActions"] = [arns[each.partition(":")[2]]]
    return Policies({each: {**put[each], "PolicyARN": arns[each]} for each in put}, alarms)


def test_the_default_policies_converge_twice_and_rest_once(lab: Lab) -> None:
    """70 % for 5 minutes out, 30 % for 10 minutes in; each alarm sets off its policy."""
    group = lab.make(lab.declare(policies=Policy.defaults()))

    assert ["put_scaling_policy: new", "put_metric_alarm: new"] * 2 == lab.run(
        plan_policies(group, observe_policies(lab.clients, group), {})
    )
    assert [] == plan_policies(group, observe_policies(lab.clients, group), {})
    there = observe_policies(lab.clients, group)
    assert [[there.policies["cpu-high"]["PolicyARN"]], [there.policies["cpu-low"]["PolicyARN"]]] == [
        alarm["AlarmActions"] for alarm in there.alarms.values()
    ]


def test_every_kind_of_policy_converges_twice_and_rests_once(lab: Lab) -> None:
    """Steps, targets and forecasts, on CPU, memory and a backlog."""
    memory = Metric.custom("CWAgent", "mem_used_percent", dimensions={"AutoScalingGroupName": "shop"})
    backlog = Metric.custom("AWS/SQS", "ApproximateNumberOfMessagesVisible", dimensions={"QueueName": "jobs"})
    group = lab.make(
        lab.declare(
            policies=[
                Policy.step("backlog", backlog, above=100, adjustment=1, steps={1000: 4}),
                Policy.target("memory", memory, value=80, scale_in=False),
                Policy.target("cpu", Metric.cpu(), value=55),
                Policy.predictive("forecast", Metric.cpu(), value=55, mode="ForecastAndScale"),
            ]
        )
    )
    lab.run(plan_policies(group, observe_policies(lab.clients, group), {}))

    assert [] == plan_policies(group, observe_policies(lab.clients, group), {})


def test_what_is_no_longer_declared_goes_with_its_alarm_and_a_siblings_stays(lab: Lab) -> None:
    """`tide-b` begins like `tide`, and so do the names of its alarms."""
    group = lab.make(lab.declare(name="tide", policies=Policy.defaults()))
    sibling = lab.make(lab.declare(name="tide-b", policies=Policy.defaults()))
    for each in (group, sibling):
        lab.run(plan_policies(each, observe_policies(lab.clients, each), {}))
    bare = lab.declare(name="tide", policies=[])

    assert ["delete_alarms: no longer declared"] * 2 + ["delete_policy: no longer declared"] * 2 == lab.run(
        plan_policies(bare, observe_policies(lab.clients, bare), {})
    )
    assert Policies() == observe_policies(lab.clients, bare)
    assert ["slackwater-tide-b:cpu-high", "slackwater-tide-b:cpu-low"] == list(observe_alarms(lab.clients, sibling))
    assert ["cpu-high", "cpu-low"] == list(observe_policies(lab.clients, sibling).policies)


def test_an_alarm_is_set_on_the_policy_that_the_same_plan_makes() -> None:
    """AWS gives the ARN only then."""
    policy, alarm = checked(plan_policies(policed(CPU_HIGH), Policies(), {}))

    assert {"policy.high": "PolicyARN"} == policy.gives
    assert [Ref("policy.high")] == alarm.arguments["AlarmActions"]


def test_a_rest_is_a_rest() -> None:
    """Pure: what the plan made is what the next plan wants."""
    assert [] == plan_policies(policed(CPU_HIGH, REQUESTS), found(CPU_HIGH, REQUESTS), {"web": WEB})


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"above": 75}, ["put_metric_alarm: Threshold 70.0 -> 75.0"]),
        ({"periods": 4}, ["put_metric_alarm: EvaluationPeriods 5 -> 4; DatapointsToAlarm 5 -> 4"]),
        ({"period": 120}, ["put_metric_alarm: Period 60 -> 120"]),
        ({"adjustment": 2}, ["put_scaling_policy: StepAdjustments[0].ScalingAdjustment 1 -> 2"]),
        (
            {"adjustment_type": "PercentChangeInCapacity", "adjustment": 1},
            ["put_scaling_policy: AdjustmentType ChangeInCapacity -> PercentChangeInCapacity"],
        ),
    ],
)
def test_each_changed_field_is_one_named_call(changed: dict[str, Any], told: list[str]) -> None:
    """The policy or its alarm, whichever holds it."""
    policy = Policy.step("high", Metric.cpu(), **{"above": 70, "adjustment": 1, **changed})

    assert told == names(plan_policies(policed(policy), found(CPU_HIGH), {}))


def test_a_target_that_moved_is_named() -> None:
    """And only the policy is put: its alarms are AWS's own."""
    moved = Policy.target("cpu", Metric.cpu(), value=60)
    former = found(Policy.target("cpu", Metric.cpu(), value=55))

    assert ["put_scaling_policy: TargetTrackingConfiguration.TargetValue 55.0 -> 60.0"] == names(
        plan_policies(policed(moved), former, {})
    )


def test_a_policy_that_was_switched_off_by_hand_is_switched_on() -> None:
    """Otherwise the group would silently keep its size."""
    there = found(CPU_HIGH)
    off = Policies({"high": {**there.policies["high"], "Enabled": False}}, there.alarms)

    assert ["put_scaling_policy: Enabled False -> True"] == names(plan_policies(policed(CPU_HIGH), off, {}))


def test_a_policy_of_another_kind_is_deleted_first() -> None:
    """The alarms that AWS made for the former kind go with it."""
    former = found(Policy.target("high", Metric.cpu(), value=50))

    assert [
        "delete_policy: PolicyType TargetTrackingScaling -> StepScaling",
        "put_scaling_policy: new",
        "put_metric_alarm: new",
    ] == names(plan_policies(policed(CPU_HIGH), former, {}))


def test_an_alarm_outlives_its_policy_and_is_set_on_the_next() -> None:
    """AWS keeps the alarm when somebody deletes the policy."""
    orphan = Policies({}, found(CPU_HIGH).alarms)

    assert ["put_scaling_policy: new", "put_metric_alarm: AlarmActions -> what this plan makes"] == names(
        plan_policies(policed(CPU_HIGH), orphan, {})
    )


def test_what_aws_adds_is_no_drift() -> None:
    """The state of an alarm, and the alarms that a policy names."""
    there = found(CPU_HIGH)
    more = Policies(
        {"high": {**there.policies["high"], "Alarms": [{"AlarmName": "x"}]}},
        {name: {**alarm, "StateValue": "ALARM"} for name, alarm in there.alarms.items()},
    )

    assert [] == plan_policies(policed(CPU_HIGH), more, {})


@pytest.mark.parametrize(
    ("policy", "wanted"),
    [
        (CPU_HIGH, [{"MetricIntervalLowerBound": 0.0, "ScalingAdjustment": 1}]),
        (
            Policy.step("high", Metric.cpu(), above=70, adjustment=1, steps={90: 3}),
            [
                {"MetricIntervalLowerBound": 0.0, "MetricIntervalUpperBound": 20.0, "ScalingAdjustment": 1},
                {"MetricIntervalLowerBound": 20.0, "ScalingAdjustment": 3},
            ],
        ),
        (
            Policy.step("low", Metric.cpu(), below=30, adjustment=-1, steps={20: -2, 10: -3}),
            [
                {"MetricIntervalUpperBound": 0.0, "MetricIntervalLowerBound": -10.0, "ScalingAdjustment": -1},
                {"MetricIntervalUpperBound": -10.0, "MetricIntervalLowerBound": -20.0, "ScalingAdjustment": -2},
                {"MetricIntervalUpperBound": -20.0, "ScalingAdjustment": -3},
            ],
        ),
    ],
)
def test_steps_go_from_the_threshold_outwards(policy: Policy, wanted: list[dict[str, float]]) -> None:
    """AWS counts their bounds from the alarm's threshold, and wants neither gap nor overlap."""
    assert wanted == wanted_policy(policed(policy), policy, {})["StepAdjustments"]


def test_requests_are_counted_by_the_load_balancer_before_the_target_group() -> None:
    """AWS's label is made of the ends of both ARNs."""
    (call,) = checked(plan_policies(policed(REQUESTS), Policies(), {"web": WEB}))

    assert {
        "PredefinedMetricType": "ALBRequestCountPerTarget",
        "ResourceLabel": "app/front/4567/targetgroup/web/0123",
    } == call.arguments["TargetTrackingConfiguration"]["PredefinedMetricSpecification"]


@pytest.mark.parametrize("target_groups", [{}, {"web": LONELY}, {"web": NETWORK}])
def test_a_policy_waits_for_the_load_balancer_that_counts(target_groups: dict[str, FoundTargetGroup]) -> None:
    """The target group comes first, then somebody points a listener to it; until then a note says so."""
    group = policed(REQUESTS)

    assert [] == plan_policies(group, Policies(), target_groups)
    assert [] == plan_policies(group, found(REQUESTS), target_groups), "it is not taken away either"
    assert ["policy requests waits"] == [note.partition(":")[0] for note in waiting_policies(group, target_groups)]
    assert [] == waiting_policies(group, {"web": WEB})


def test_a_step_on_requests_need_not_wait() -> None:
    """Its alarm names the target group alone, and one without values sets off nothing."""
    many = Policy.step("many", Metric.requests_per_target(target_group="web"), above=500, adjustment=1)

    assert ["put_scaling_policy: new", "put_metric_alarm: new"] == names(plan_policies(policed(many), Policies(), {}))


def test_a_forecast_never_lifts_the_maximum() -> None:
    """The connections of the database are reckoned with it."""
    policy = Policy.predictive("forecast", Metric.cpu(), value=50)
    (call,) = checked(plan_policies(policed(policy), Policies(), {}))

    assert ("ForecastOnly", "HonorMaxCapacity", 300) == tuple(
        call.arguments["PredictiveScalingConfiguration"][key]
        for key in ("Mode", "MaxCapacityBreachBehavior", "SchedulingBufferTime")
    )


def test_what_aws_leaves_out_or_reorders_is_no_drift(lab: Lab) -> None:
    """A metric without dimensions comes back without the word; dimensions and steps come in any order."""
    bare = Metric.custom("Shop", "Backlog")
    queue = Metric.custom("Shop", "Backlog", dimensions={"Queue": "mail", "Area": "eu"})
    policies = [
        Policy.target("bare", bare, value=5),
        Policy.target("queue", queue, value=5),
        Policy.step("backlog", bare, above=50, adjustment=1, steps={70: 2, 90: 3}),
        Policy.step("idle", bare, below=20, adjustment=-1, steps={10: -2}),
    ]
    group = lab.make(lab.declare(policies=policies))
    lab.run(plan_policies(group, observe_policies(lab.clients, group), {}))
    there = observe_policies(lab.clients, group)
    found = {name: mixed_up(policy) for name, policy in there.policies.items()}

    assert [] == plan_policies(group, there, {})
    assert dict(there.policies) == {name: normal(policy) for name, policy in found.items()}


def mixed_up(policy: Mapping[str, Any]) -> dict[str, Any]:
    """As AWS may tell the same policy."""
    told = copy.deepcopy(dict(policy))
    told["StepAdjustments"] = list(reversed(told.get("StepAdjustments", [])))
    custom = told.get("TargetTrackingConfiguration", {}).get("CustomizedMetricSpecification", {})
    if custom.get("Dimensions"):
        custom["Dimensions"].reverse()
    else:
        custom.pop("Dimensions", None)
    return {key: value for key, value in told.items() if value != []}
