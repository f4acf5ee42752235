"""Whether an answer is one that botocore's model knows: its elements, types, enumerations and required members."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any
from xml.etree import ElementTree

from botocore.awsrequest import HeadersDict
from botocore.parsers import ResponseParserError, create_parser
from botocore.validate import ParamValidator

from slackwater.lab.cloud.wire.answer import Answer
from slackwater.lab.cloud.wire.called import CBOR, EC2, JSON, Called
from slackwater.lab.cloud.wire.model import service_model

PARSERS = {CBOR: "smithy-rpc-v2-cbor"}
"""botocore's name of a protocol, where it is another."""
ERROR = 300


class _Answers(ParamValidator):  # type: ignore[misc] # botocore has no types
    """The least length of a list is of what is asked: AWS answers with empty ones where there is nothing."""

    def _validate_list(self, param: Any, shape: Any, errors: Any, name: str) -> None:
        if param != []:
            super()._validate_list(param, shape, errors, name)


def misshapen(call: Called, answer: Answer) -> list[str]:
    """A sentence for each thing in it that no client of AWS could read, or that would be dropped in silence."""
    shape = service_model(call.service).operation_model(call.operation).output_shape
    try:
        said = _parsed(call, answer, shape)
        if (answer.status or 0) >= ERROR:
            return _of_an_error(call, said)
        return [] if shape is None else [*_of_values(said, shape), *_unknown(call, answer, shape)]
    except (ResponseParserError, ValueError, ElementTree.ParseError) as error:
        return [f"cannot be read: {error}"]


def _parsed(call: Called, answer: Answer, shape: Any) -> dict[str, Any]:
    response = {
        "body": answer.body,
        "headers": HeadersDict({name.lower(): value for name, value in answer.headers}),
        "status_code": answer.status,
        "context": {"operation_name": call.operation},
    }
    said: dict[str, Any] = create_parser(PARSERS.get(call.protocol, call.protocol)).parse(response, shape)
    return said


def _of_an_error(call: Called, said: Mapping[str, Any]) -> list[str]:
    """Where none is named botocore puts the status in its place; HEAD has no body, and no other code."""
    code = str(said.get("Error", {}).get("Code", ""))
    is_named = bool(code) and not code.isdigit()
    return [] if is_named or call.operation.startswith("Head") else ["an error without Code"]


def _of_values(said: Mapping[str, Any], shape: Any) -> list[str]:
    values = {name: value for name, value in said.items() if name != "ResponseMetadata"}
    report = _Answers().validate(values, shape)
    told = report.generate_report().splitlines() if report.has_errors() else []
    return [*told, *_unheard_of(shape, values, shape.name)]


def _unheard_of(shape: Any, value: Any, path: str) -> Iterator[str]:
    """Words that an enumeration does not have."""
    if shape.type_name == "structure" and isinstance(value, Mapping):
        for name, member in shape.members.items():
            if name in value:
                yield from _unheard_of(member, value[name], f"{path}.{name}")
    elif shape.type_name == "list" and isinstance(value, list):
        for each in value:
            yield from _unheard_of(shape.member, each, path)
    elif shape.type_name == "map" and isinstance(value, Mapping):
        for key, each in value.items():
            yield from _unheard_of(shape.key, key, path)
            yield from _unheard_of(shape.value, each, path)
    elif shape.type_name == "string" and shape.enum and value not in shape.enum:
        yield f"{path} is never {value!r}"


def _unknown(call: Called, answer: Answer, shape: Any) -> Iterator[str]:
    """What the parser would drop. CBOR comes from moto's own serialiser, which goes by the same model."""
    if call.protocol == JSON:
        yield from _unknown_json(shape, json.loads(answer.body or b"{}"), shape.name)
    elif call.protocol != CBOR and answer.body.lstrip().startswith(b"<"):
        yield from _unknown_xml(shape, _result(call, answer, shape), shape.name)


def _unknown_json(shape: Any, value: Any, path: str) -> Iterator[str]:
    if shape.type_name == "structure" and isinstance(value, Mapping):
        names = {member.serialization.get("name", name): member for name, member in shape.members.items()}
        for name, each in value.items():
            if name in names:
                yield from _unknown_json(names[name], each, f"{path}.{name}")
            else:
                yield f"{path} has no {name}"
    elif shape.type_name == "list" and isinstance(value, list):
        for each in value:
            yield from _unknown_json(shape.member, each, path)


def _result(call: Called, answer: Answer, shape: Any) -> ElementTree.Element:
    """The element whose children are the output's members."""
    root = ElementTree.fromstring(answer.body)  # noqa: S314 - our own
    wrapper = shape.serialization.get("resultWrapper")
    found = root.find(f"{{*}}{wrapper}") if wrapper else None
    if call.protocol == EC2:
        for each in root.findall("{*}requestId"):
            root.remove(each)
    return root if found is None else found


def _unknown_xml(shape: Any, element: ElementTree.Element, path: str) -> Iterator[str]:
    if shape.type_name == "structure":
        members = _members(shape)
        for child in element:
            name = _bare(child.tag)
            if name in members:
                yield from _unknown_member(members[name], child, f"{path}.{name}")
            else:
                yield f"{path} has no {name}"
    elif shape.type_name == "list":
        for child in element:
            yield from _unknown_xml(shape.member, child, path)


def _unknown_member(shape: Any, element: ElementTree.Element, path: str) -> Iterator[str]:
    is_flat = shape.type_name == "list" and shape.serialization.get("flattened")
    yield from _unknown_xml(shape.member if is_flat else shape, element, path)


def _members(shape: Any) -> dict[str, Any]:
    """By the names of their elements; with rest-xml the body may be one member alone."""
    payload = shape.serialization.get("payload")
    shape = shape.members[payload] if payload and shape.members[payload].type_name == "structure" else shape
    return {_element_name(name, member): member for name, member in shape.members.items()}


def _element_name(name: str, member: Any) -> str:
    if member.type_name == "list" and member.serialization.get("flattened"):
        return str(member.member.serialization.get("name") or member.serialization.get("name", name))
    return str(member.serialization.get("name", name))


def _bare(tag: str) -> str:
    return tag.rpartition("}")[2]
