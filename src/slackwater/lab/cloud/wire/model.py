"""botocore's models of the services, loaded once."""

from __future__ import annotations

from functools import cache
from typing import Any

import boto3


@cache
def session() -> Any:
    """One for the process: reading EC2's model takes half a second."""
    return boto3.Session()


@cache
def service_model(service: str) -> Any:
    return session()._session.get_service_model(service)


def serialized_name(shape: Any, member: str, protocol: str) -> str:
    """A member's name in a request; EC2 has its own rule."""
    serialization = shape.members[member].serialization
    if protocol != "ec2":
        return str(serialization.get("name", member))
    if "queryName" in serialization:
        return str(serialization["queryName"])
    name = str(serialization.get("name", member))
    return name[0].upper() + name[1:]
