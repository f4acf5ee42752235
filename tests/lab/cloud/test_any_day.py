"""Whatever happens to a group, in whatever order: its instances go AWS's ways only, and it ends as large as it should.

The ways are those of the user guide's diagrams of the instance lifecycle, without and with a warm pool.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from itertools import pairwise

from botocore.exceptions import ClientError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from slackwater.lab.cloud import Clock, cloud
from slackwater.lab.cloud.errors import AwsError
from tests.lab.cloud.fleet import DOWN, UP, Fleet

LARGEST = 4
WAYS = {
    "Pending": {"Pending:Wait", "Pending:Proceed", "InService"},
    "Pending:Wait": {"Pending:Proceed"},
    "Pending:Proceed": {"InService"},
    "InService": {"EnteringStandby", "Detaching"},
    "EnteringStandby": {"Standby"},
    "Standby": {"Pending"},
    "Detaching": {"Detached"},
    "Detached": set(),
    "Terminating": {"Terminating:Wait", "Terminating:Proceed", "Terminated"},
    "Terminating:Wait": {"Terminating:Proceed", "Terminated"},
    "Terminating:Proceed": {"Terminated"},
    "Terminated": set(),
    "Warmed:Pending": {"Warmed:Pending:Wait", "Warmed:Pending:Proceed"},
    "Warmed:Pending:Wait": {"Warmed:Pending:Proceed"},
    "Warmed:Pending:Proceed": {"Warmed:Stopped"},
    "Warmed:Stopped": {"Pending"},
    "Warmed:Terminating": {"Warmed:Terminating:Wait", "Warmed:Terminating:Proceed", "Warmed:Terminated"},
    "Warmed:Terminating:Wait": {"Warmed:Terminating:Proceed", "Warmed:Terminated"},
    "Warmed:Terminating:Proceed": {"Warmed:Terminated"},
    "Warmed:Terminated": set(),
}
"""Besides, whoever is not leaving may be terminated, with or without hooks."""
FINAL = {"Detached", "Terminated", "Warmed:Terminated"}
Event = Callable[[Fleet, int], None]


def complete(fleet: Fleet, number: int) -> None:
    """The next outstanding action, mostly well."""
    actions = fleet.endpoint.cloud.actions("g")
    action = actions[number % len(actions)]
    fleet.complete(action["hook"], "ABANDON" if number % 5 == 0 else "CONTINUE", action["instance"])


def one(fleet: Fleet, number: int) -> str:
    there = fleet.ids()
    return there[number % len(there)]


def to_standby(fleet: Fleet, number: int) -> None:
    fleet.asg.enter_standby(
        AutoScalingGroupName="g", InstanceIds=[one(fleet, number)], ShouldDecrementDesiredCapacity=bool(number % 2)
    )


def detach(fleet: Fleet, number: int) -> None:
    fleet.asg.detach_instances(
        AutoScalingGroupName="g", InstanceIds=[one(fleet, number)], ShouldDecrementDesiredCapacity=bool(number % 2)
    )


EVENTS: dict[str, Event] = {
    "desire": lambda fleet, number: fleet.desire(number % (LARGEST + 1)),
    "complete": complete,
    "turn": lambda fleet, number: fleet.turn(1 + number * 5),
    "sicken": lambda fleet, number: fleet.asg.set_instance_health(
        InstanceId=one(fleet, number), HealthStatus="Unhealthy", ShouldRespectGracePeriod=False
    ),
    "crash": lambda fleet, number: fleet.endpoint.cloud.crash(one(fleet, number)),
    "interrupt": lambda fleet, number: fleet.endpoint.cloud.interrupt(one(fleet, number), seconds=number),
    "terminate": lambda fleet, number: fleet.ec2.terminate_instances(InstanceIds=[one(fleet, number)]),
    "standby": to_standby,
    "return": lambda fleet, number: fleet.asg.exit_standby(AutoScalingGroupName="g", InstanceIds=[one(fleet, number)]),
    "detach": detach,
    "refuse": lambda fleet, number: fleet.endpoint.cloud.fail_launches("g", number % 3),
    "warm": lambda fleet, number: fleet.asg.put_warm_pool(
        AutoScalingGroupName="g", MaxGroupPreparedCapacity=number % 5
    ),
}


def settle(fleet: Fleet) -> None:
    """Every hook continues, standby ends, nothing is refused any more; and time passes."""
    fleet.endpoint.cloud.fail_launches("g", 0)
    for _ in range(12):
        for action in fleet.endpoint.cloud.actions("g"):
            with suppress(ClientError):
                fleet.complete(action["hook"], "CONTINUE", action["instance"])
        fleet.turn(59)


def is_a_way(before: str, after: str) -> bool:
    """Straight to its end goes who is terminated in EC2 or interrupted."""
    pool = "Warmed:" if before.startswith("Warmed:") else ""
    ends = {f"{pool}Terminating", f"{pool}Terminated"} if before not in FINAL else set()
    return after in WAYS[before] | ends


@settings(max_examples=6, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(st.tuples(st.sampled_from(sorted(EVENTS)), st.integers(0, 24)), max_size=14), st.booleans())
def test_a_group_ends_as_large_as_it_should(day: list[tuple[str, int]], careful: bool) -> None:
    """After the worst of days; nobody was in a state that AWS has not, or went where AWS has no way."""
    policy = {"InstanceMaintenancePolicy": {"MinHealthyPercentage": 100, "MaxHealthyPercentage": 150}}
    with cloud(lifecycle=True, clock=Clock()) as endpoint:
        fleet = Fleet(endpoint)
        fleet.make([UP, DOWN], MaxSize=LARGEST, DesiredCapacity=2, **(policy if careful else {}))
        for name, number in day:
            # What AWS refuses is refused: somebody else's state, or nobody there.
            with suppress(ClientError, AwsError, ZeroDivisionError):
                EVENTS[name](fleet, number)
        settle(fleet)
        wanted = fleet.asg.describe_auto_scaling_groups()["AutoScalingGroups"][0]["DesiredCapacity"]
        paths = {instance: fleet.path(instance) for instance, _ in endpoint.cloud.states}
        wrong = {pair for path in paths.values() for pair in pairwise(path) if not is_a_way(*pair)}

        assert set() == wrong
        assert wanted == fleet.states().count("InService"), fleet.states()
        assert {"InService"} >= set(fleet.states()) - {"Standby"}
        assert ([], []) == (endpoint.uncovered, endpoint.misshapen)
