"""AWS's documented examples, as botocore brings them: the lab's cloud reads the requests, and says what they say."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import cache
from typing import Any

import pytest
from botocore.serialize import create_serializer

from slackwater.lab.cloud.contract import OPERATIONS
from slackwater.lab.cloud.wire.model import service_model, session
from slackwater.lab.cloud.wire.parse import parse
from tests.lab.cloud.tour.heard import Tour

OURS = ("autoscaling", "ec2", "elbv2")
"""Whose requests the lab's cloud reads itself."""
SERVICES = sorted(OPERATIONS)
Place = tuple[str, ...]


@cache
def examples(service: str) -> Mapping[str, list[dict[str, Any]]]:
    loader = session()._session.get_component("data_loader")
    found = loader.load_service_model(service, "examples-1")["examples"]
    return {operation: told for operation, told in found.items() if operation in OPERATIONS[service]}


CASES = [(service, operation) for service in SERVICES for operation in examples(service)]


def flat(body: Mapping[str, Any]) -> dict[str, str]:
    return {name: str(value) for name, value in body.items()}


@pytest.mark.parametrize("case", [case for case in CASES if case[0] in OURS], ids="-".join)
def test_a_documented_request_is_read_as_it_was_meant(case: tuple[str, str]) -> None:
    """From the fields of the wire back to the same arguments."""
    service, operation = case
    model = service_model(service)
    for example in examples(service)[operation]:
        asked = example.get("input", {})
        serializer = create_serializer(model.protocol)
        sent = serializer.serialize_to_request(asked, model.operation_model(operation))["body"]

        assert comparable(asked) == comparable(parse(service, operation, flat(sent)))
