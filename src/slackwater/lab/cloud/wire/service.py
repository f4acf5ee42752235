"""A service of our own: one method an operation, the rest is left to moto."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from botocore import xform_name

from slackwater.lab.cloud.wire.answer import Answer, answer
from slackwater.lab.cloud.wire.called import Called
from slackwater.lab.cloud.wire.model import service_model
from slackwater.lab.cloud.wire.parse import parse

Arguments = dict[str, Any]
Operation = Callable[[Arguments], Mapping[str, Any] | None]


class Service:
    """`parts` are objects whose public methods bear operations' names, as boto3 spells them."""

    def __init__(self, name: str, *parts: object) -> None:
        names = {operation: xform_name(operation) for operation in service_model(name).operation_names}
        self.name = name
        self.operations = {operation: found for operation, word in names.items() if (found := _find(parts, word))}

    def answer(self, called: Called) -> Answer | None:
        """None for what is not ours."""
        operation = self.operations.get(called.operation)
        if operation is None:
            return None
        values = operation(parse(self.name, called.operation, called.form))
        return answer(self.name, called.operation, values or {})


def _find(parts: Iterable[object], name: str) -> Operation | None:
    return next((getattr(part, name) for part in parts if hasattr(part, name)), None)
