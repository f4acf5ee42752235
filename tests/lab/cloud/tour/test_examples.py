"""AWS's documented examples, as botocore brings them: the lab's cloud reads the requests, and says what they say."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import cache
from typing import Any

import pytest
from botocore.serialize import create_serializer
from botocore.utils import parse_timestamp

from slackwater.lab.cloud.contract import OPERATIONS
from slackwater.lab.cloud.wire.model import service_model, session
from slackwater.lab.cloud.wire.parse import parse
from tests.lab.cloud.tour.heard import Tour

OURS = ("autoscaling", "ec2", "elbv2")
"""Whose requests the lab's cloud reads itself. CloudWatch, SSM, SNS, SQS and EventBridge have no examples there."""
NOT_SAID = {
    "LaunchConfigurationName": "groups are of launch templates only, as AWS makes them for new accounts",
    "MinAdjustmentStep": "AWS's own name of MinAdjustmentMagnitude before 2015",
    "NextToken": "all is on one page in the tour; pages are tested where there are many groups",
    "Certificates": "certificates are made in ACM, which the lab's cloud has not",
    "KernelId": "of paravirtual images, which are no longer made",
    "SnapshotId": "an image has no snapshot that anybody could look at",
}
"""Keys of examples that the lab's cloud does not say, and why."""
SIMPLE = {bool: "boolean", str: "text", datetime: "text", int: "number", float: "number"}
Place = tuple[str, ...]


@cache
def examples(service: str) -> Mapping[str, list[dict[str, Any]]]:
    loader = session()._session.get_component("data_loader")
    found = loader.load_service_model(service, "examples-1")["examples"]
    return {operation: told for operation, told in found.items() if operation in OPERATIONS[service]}


CASES = [(service, operation) for service in OURS for operation in examples(service)]


def places(value: Any, at: Place = ()) -> Iterator[tuple[Place, str]]:
    """Every key with the kind of its value; a list's entries stand for each other."""
    if isinstance(value, Mapping):
        yield at, "structure"
        for name, each in value.items():
            yield from places(each, (*at, name))
    elif isinstance(value, list):
        yield at, "list"
        for each in value:
            yield from places(each, (*at, "[]"))
    else:
        yield at, SIMPLE[type(value)]


def comparable(value: Any, shape: Any) -> Any:
    """Times as moments, numbers as numbers; empty structures and lists as nothing: the wire does not carry them."""
    if isinstance(value, Mapping):
        members = {name: comparable(each, shape.members[name]) for name, each in value.items() if name in shape.members}
        return {name: each for name, each in members.items() if each not in ({}, [])}
    if isinstance(value, list):
        return [comparable(each, shape.member) for each in value]
    if shape.type_name == "integer":
        return int(value)
    return parse_timestamp(value) if shape.type_name == "timestamp" else value


@pytest.mark.parametrize("case", CASES, ids="-".join)
def test_a_documented_request_is_read_as_it_was_meant(case: tuple[str, str]) -> None:
    """From the fields of the wire back to the same arguments."""
    service, operation = case
    model, told = service_model(service), service_model(service).operation_model(operation)
    for example in examples(service)[operation]:
        asked = comparable(example.get("input", {}), told.input_shape)
        sent = create_serializer(model.protocol).serialize_to_request(asked, told)["body"]
        fields = {name: str(value) for name, value in sent.items()}

        assert asked == parse(service, operation, fields)


@pytest.mark.parametrize("case", CASES, ids="-".join)
def test_what_the_documented_answer_says_is_said(tour: Tour, case: tuple[str, str]) -> None:
    """The same keys, with values of the same kind."""
    said = {place for answer in tour.answers[case] for place in places(answer)}
    for example in examples(case[0])[case[1]]:
        expected = {(at, kind) for at, kind in places(example.get("output", {})) if not NOT_SAID.keys() & set(at)}

        assert set() == expected - said - {((), "structure")}
