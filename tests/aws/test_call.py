"""Drift: what was declared and is held differently, named; what AWS adds is not looked at."""

from __future__ import annotations

from typing import Any

import pytest

from slackwater.aws.call import Call, Joined, Ref, drift

CASES: list[tuple[dict[str, Any], dict[str, Any], list[str]]] = [
    ({"MaxSize": 4}, {"MaxSize": 9}, ["MaxSize 9 -> 4"]),
    ({"MaxSize": 4}, {"MaxSize": 4, "MinSize": 1}, []),
    ({"MaxSize": 4}, {}, ["MaxSize none -> 4"]),
    ({"KeyName": None}, {"KeyName": "ops"}, ["KeyName ops -> none"]),
    ({"KeyName": None}, {}, []),
    ({"Options": {"Tokens": "required"}}, {"Options": {"Tokens": "required", "State": "applied"}}, []),
    ({"Options": {"Hops": 2}}, {"Options": {"Hops": 1, "State": "applied"}}, ["Options.Hops 1 -> 2"]),
    ({"Options": {"Hops": None}}, {}, []),
    ({"Options": {"Hops": 2, "Other": None}}, {}, ["Options none -> {Hops: 2}"]),
    ({"Steps": [{"By": 1}]}, {"Steps": [{"By": 2, "At": 0}]}, ["Steps[0].By 2 -> 1"]),
    ({"Steps": [{"By": 1}]}, {"Steps": []}, ["Steps [] -> [{By: 1}]"]),
    ({"Steps": [{"By": 1}]}, {"Steps": [{"By": 1}, {"By": 2}]}, ["Steps [{By: 1}, {By: 2}] -> [{By: 1}]"]),
    ({"Version": Ref("v")}, {"Version": "3"}, ["Version 3 -> new"]),
    ({"Label": Joined(("a/", Ref("b")))}, {"Label": "a/c"}, ["Label a/c -> new"]),
    ({"Policies": ["A", "B"]}, {"Policies": ["B", "A"]}, ["Policies [B, A] -> [A, B]"]),
]


@pytest.mark.parametrize(("wanted", "found", "reasons"), CASES)
def test_drift_is_named(wanted: dict[str, Any], found: dict[str, Any], reasons: list[str]) -> None:
    """From what is there to what was declared."""
    assert reasons == drift(wanted, found)


def test_a_call_is_named_as_people_say_it() -> None:
    """Service and boto3's method."""
    assert "ec2 create_tags" == Call("ec2", "create_tags", {}, "new").name
