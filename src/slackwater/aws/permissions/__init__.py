"""Permissions: the IAM policy document of each role, no wider than what it calls, made from the declaration."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from slackwater.aws.permissions._statement import Statement
from slackwater.aws.permissions._subject import Subject
from slackwater.aws.permissions.balancer import balancer
from slackwater.aws.permissions.instance import instance
from slackwater.aws.permissions.operator import operator
from slackwater.aws.permissions.watch import watch
from slackwater.errors import SettingsError

__all__ = ["ROLES", "Subject", "permissions"]

ROLES: Mapping[str, Callable[[Subject], Iterable[Statement]]] = {
    "operator": operator,
    "instance": instance,
    "balancer": balancer,
    "watch": watch,
}


def permissions(role: str, subject: Subject) -> dict[str, Any]:
    """The policy document of one of ROLES, for `aws iam put-role-policy` and the like."""
    if role not in ROLES:
        raise SettingsError(f"{role!r} is no role; there are {', '.join(ROLES)}")
    statements = [statement.as_json() for statement in ROLES[role](subject) if statement.resources]
    return {"Version": "2012-10-17", "Statement": statements}
