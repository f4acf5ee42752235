"""What a service answers: its values as XML by botocore's model, and its refusals in each protocol."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from xml.sax.saxutils import escape

from slackwater.lab.cloud.errors import AwsError
from slackwater.lab.cloud.wire.called import CBOR, EC2, JSON, REST, Called
from slackwater.lab.cloud.wire.model import service_model


@dataclass(frozen=True)
class Answer:
    """One HTTP answer; None as status is no answer: the connection is cut."""

    status: int | None
    body: bytes
    headers: list[tuple[str, str]] = field(default_factory=list)


def answer(service: str, operation: str, values: Mapping[str, Any]) -> Answer:
    """Refuses, with TypeError, values that are not of the operation's output: they would be dropped in silence.

    Words that the model does not know are refused as well.
    """
    model, request_id = service_model(service), str(uuid.uuid4())
    shape = model.operation_model(operation).output_shape
    inner = _members(shape, values) if shape else ""
    if model.protocol == "ec2":
        text = f"<{operation}Response><requestId>{request_id}</requestId>{inner}</{operation}Response>"
    else:
        name = f"{operation}Result"
        meta = f"<ResponseMetadata><RequestId>{request_id}</RequestId></ResponseMetadata>"
        text = f"<{operation}Response><{name}>{inner}</{name}>{meta}</{operation}Response>"
    return Answer(200, text.encode(), [("Content-Type", "text/xml")])


def _members(shape: Any, values: Mapping[str, Any]) -> str:
    if unknown := set(values) - set(shape.members):
        raise TypeError(f"{shape.name} has no {', '.join(sorted(unknown))}")
    return "".join(_element(shape.members[name], name, value) for name, value in values.items() if value is not None)


def _element(shape: Any, name: str, value: Any) -> str:
    name = shape.serialization.get("name", name)
    if shape.type_name == "list":
        item = shape.member.serialization.get("name", "member")
        inner = "".join(f"<{item}>{_inner(shape.member, each)}</{item}>" for each in value)
        return f"<{name}>{inner}</{name}>"
    return f"<{name}>{_inner(shape, value)}</{name}>"


def _inner(shape: Any, value: Any) -> str:
    if shape.type_name == "structure":
        return _members(shape, value)
    if shape.type_name == "string" and shape.enum and value not in shape.enum:
        raise TypeError(f"{shape.name} is never {value!r}")
    return escape(_scalar(value))


def _scalar(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
    return str(value)


def known(call: Called, answer: Answer) -> Answer:
    """A JSON answer of moto's with what the model knows of it; in the other protocols its serialisers see to that."""
    shape = service_model(call.service).operation_model(call.operation).output_shape
    if call.protocol != JSON or shape is None or not answer.body:
        return answer
    return Answer(answer.status, json.dumps(_known(shape, json.loads(answer.body))).encode(), _without_length(answer))


def _known(shape: Any, value: Any) -> Any:
    if shape.type_name == "structure" and isinstance(value, Mapping):
        members = {member.serialization.get("name", name): member for name, member in shape.members.items()}
        return {name: _known(members[name], each) for name, each in value.items() if name in members}
    if shape.type_name == "list" and isinstance(value, list):
        return [_known(shape.member, each) for each in value]
    return value


def _without_length(answer: Answer) -> list[tuple[str, str]]:
    return [(name, value) for name, value in answer.headers if name.lower() != "content-length"]


def refusal(error: AwsError, protocol: str) -> Answer:
    """As the service itself would say it."""
    if protocol == CBOR:
        headers = [("Content-Type", "application/cbor"), ("smithy-protocol", "rpc-v2-cbor")]
        headers.append(("x-amzn-query-error", f"{error.code};Sender"))
        return Answer(error.status, _cbor({"__type": error.code, "message": error.message}), headers)
    if protocol == JSON:
        body = json.dumps({"__type": error.code, "message": error.message}).encode()
        return Answer(error.status, body, [("Content-Type", "application/x-amz-json-1.1")])
    inner = f"<Code>{escape(error.code)}</Code><Message>{escape(error.message)}</Message>"
    if protocol == EC2:
        text = f"<Response><Errors><Error>{inner}</Error></Errors><RequestID>{uuid.uuid4()}</RequestID></Response>"
    elif protocol == REST:
        text = f"<Error>{inner}</Error>"
    else:
        kind = "Sender" if error.status < 500 else "Receiver"
        error_element = f"<Error><Type>{kind}</Type>{inner}</Error>"
        text = f"<ErrorResponse>{error_element}<RequestId>{uuid.uuid4()}</RequestId></ErrorResponse>"
    return Answer(error.status, text.encode(), [("Content-Type", "text/xml")])


def _cbor(words: Mapping[str, str]) -> bytes:
    """A map of text to text, with two-byte lengths (RFC 8949, section 3)."""

    def text(word: str) -> bytes:
        return b"\x79" + len(word.encode()).to_bytes(2, "big") + word.encode()

    return bytes([0xA0 + len(words)]) + b"".join(text(key) + text(value) for key, value in words.items())
