"""A query request's fields as the arguments that botocore was called with."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

from botocore.utils import parse_timestamp
from botocore.validate import ParamValidator

from slackwater.lab.cloud.errors import invalid
from slackwater.lab.cloud.wire.model import serialized_name, service_model

Tree = dict[str, Any]


def parse(service: str, operation: str, form: Mapping[str, str]) -> dict[str, Any]:
    """Refuses, with ValidationError, what the model does not allow."""
    model = service_model(service).operation_model(operation)
    if model.input_shape is None:
        return {}
    arguments = _structure(model.input_shape, _tree(form), service_model(service).protocol)
    report = ParamValidator().validate(arguments, model.input_shape)
    if report.has_errors():
        raise invalid(report.generate_report())
    return arguments


def _tree(form: Mapping[str, str]) -> Tree:
    """`A.member.1.B=x` as {"A": {"member": {"1": {"B": "x"}}}}."""
    root: Tree = {}
    for key, value in form.items():
        *path, last = key.split(".")
        node = root
        for part in path:
            node = node.setdefault(part, {})
        node[last] = value
    return root


def _structure(shape: Any, tree: Tree, protocol: str) -> dict[str, Any]:
    found = {}
    for name, member in shape.members.items():
        key = serialized_name(shape, name, protocol)
        if key in tree:
            found[name] = _value(member, tree[key], protocol)
    return found


def _value(shape: Any, node: Any, protocol: str) -> Any:
    if shape.type_name == "structure":
        return _structure(shape, node or {}, protocol)
    if shape.type_name == "list":
        return _list(shape, node or {}, protocol)
    return _scalar(shape.type_name, node)


def _list(shape: Any, node: Tree, protocol: str) -> list[Any]:
    if protocol != "ec2" and not shape.serialization.get("flattened"):
        node = node.get(shape.member.serialization.get("name", "member")) or {}
    return [_value(shape.member, node[number], protocol) for number in sorted(node, key=int)]


def _scalar(kind: str, text: str) -> Any:
    if kind in ("integer", "long"):
        return int(text)
    if kind in ("float", "double"):
        return float(text)
    if kind == "boolean":
        return text == "true"
    if kind == "timestamp":
        return parse_timestamp(text)
    return base64.b64decode(text) if kind == "blob" else text
