"""Requests to AWS without boto3: signed as botocore signs them, and asked again when that may help."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.auth import S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from slackwater.agents.metadata import Keys, Metadata
from slackwater.agents.signed import Aws, Question, RefusedError, signed
from slackwater.lab.cloud import Endpoint
from slackwater.lab.metadata import Instance, Role, Service
from tests.agents.door import door

KEYS = Keys("shop", "ASIALAB", "wJalrXUtnFEMI", "session")
SAID = json.dumps({"AccessKeyId": KEYS.access, "SecretAccessKey": KEYS.secret, "Token": KEYS.token}).encode()
REGION, AWS = "eu-central-1", "https://{}.eu-central-1.amazonaws.com"
QUESTIONS = [
    Question("s3", "GET", f"{AWS.format('s3')}/tides/fleet/a%20b.tar.gz", REGION),
    Question("s3", "PUT", "http://127.0.0.1:5000/tides/fleet/x.json", REGION, b'{"a": 1}'),
    Question("autoscaling", "POST", f"{AWS.format('autoscaling')}/", REGION, b"Action=X", {"content-type": "y"}),
    Question("ssm", "POST", f"{AWS.format('ssm')}/", REGION, b"{}", {"x-amz-target": "AmazonSSM.GetParameter"}),
]


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: f"{question.service} {question.method}")
def test_the_signature_is_botocores(question: Question) -> None:
    """AWS checks every byte of what is signed, and takes no credentials of a role whose token is not."""
    mine = signed(question, KEYS, datetime.now(UTC))
    theirs = AWSRequest(question.method, question.url, dict(question.headers), question.body or None)
    theirs.headers["x-amz-content-sha256"] = mine["x-amz-content-sha256"]
    theirs.headers["x-amz-security-token"] = KEYS.token
    theirs.headers["x-amz-date"] = theirs.context["timestamp"] = mine["x-amz-date"]
    kind = S3SigV4Auth if question.service == "s3" else SigV4Auth
    auth = kind(Credentials(KEYS.access, KEYS.secret, KEYS.token), question.service, "eu-central-1")
    seal = auth.signature(auth.string_to_sign(theirs, auth.canonical_request(theirs)), theirs)

    assert f"Signature={seal}" == mine["authorization"].rpartition(", ")[2]
    assert "x-amz-security-token" in mine["authorization"].partition("SignedHeaders=")[2].partition(",")[0].split(";")


@pytest.fixture
def aws(service: Service, sky: Endpoint) -> Aws:
    return Aws(Metadata(service.url), "eu-central-1", sky.url, time.monotonic() + 20)


@pytest.fixture
def bucket(sky: Endpoint) -> Iterator[str]:
    name = "tides"
    sky.client("s3").create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    return name


def test_an_object_comes_and_goes(aws: Aws, bucket: str) -> None:
    """As boto3 would have put it there."""
    aws.object(f"s3://{bucket}/a/b c.json", "PUT", b"tide")

    assert b"tide" == aws.object(f"s3://{bucket}/a/b c.json")


def test_a_parameter_is_read(aws: Aws, sky: Endpoint) -> None:
    """The pointer to the proved release is one."""
    sky.client("ssm").put_parameter(Name="/slackwater/shop/prod/proved", Value='{"release": "1"}', Type="String")

    assert '{"release": "1"}' == aws.parameter("/slackwater/shop/prod/proved")


@pytest.mark.parametrize(("code", "status"), [("SlowDown", 503), ("Throttling", 400), ("InternalError", 500)])
def test_what_may_pass_is_tried_again(aws: Aws, sky: Endpoint, bucket: str, code: str, status: int) -> None:
    """A throttled API and a fault of AWS's own are no end of a boot."""
    aws.object(f"s3://{bucket}/x", "PUT", b"tide")
    sky.fail("s3", "GetObject", code, times=2, status=status)

    assert b"tide" == aws.object(f"s3://{bucket}/x")


def test_a_connection_that_breaks_is_tried_again(aws: Aws, sky: Endpoint, bucket: str) -> None:
    """A network that was lost for a moment."""
    aws.object(f"s3://{bucket}/x", "PUT", b"tide")
    sky.fail("s3", "GetObject", None, times=2)

    assert b"tide" == aws.object(f"s3://{bucket}/x")


def test_what_is_not_there_is_said_at_once(aws: Aws, bucket: str) -> None:
    """It will not be there later either: S3 shows what was written."""
    with pytest.raises(RefusedError, match="404") as refused:
        aws.object(f"s3://{bucket}/nothing")

    assert "NoSuchKey" == refused.value.code


def test_nothing_is_tried_after_the_deadline(aws: Aws, sky: Endpoint, bucket: str) -> None:
    """The last refusal is what the operator reads."""
    sky.fail("s3", "GetObject", "SlowDown", times=100, status=503)
    aws.deadline = time.monotonic() + 1

    with pytest.raises(RefusedError, match="503 SlowDown"):
        aws.object(f"s3://{bucket}/x")


def test_an_instance_without_a_role_says_so(aws: Aws, me: Instance) -> None:
    """Its launch template lacks the instance profile."""
    me.role = None
    aws.deadline = time.monotonic() + 1

    with pytest.raises(RefusedError, match="must name an instance profile"):
        aws.parameter("/x")


def asking(service: Service, url: str, seconds: float = 5) -> Aws:
    return Aws(Metadata(service.url), "eu-central-1", url, time.monotonic() + seconds)


def scopes(server: Any) -> list[str]:
    """The regions for which it was asked."""
    return [headers["authorization"].split("/")[2] for _, headers in server.asked]


@pytest.mark.parametrize(("status", "code"), [(301, "PermanentRedirect"), (400, "AuthorizationHeaderMalformed")])
def test_a_bucket_of_another_region_is_asked_there(service: Service, status: int, code: str) -> None:
    """S3 names the region; what it says first is remembered."""
    elsewhere = (status, {"x-amz-bucket-region": "us-west-2"}, f"<Error><Code>{code}</Code></Error>".encode())
    with door(elsewhere, (200, {}, b"tide")) as server:
        aws = asking(service, server.url)
        found = [aws.object("s3://tides/x") for _ in range(2)]

    assert [b"tide", b"tide"] == found
    assert ["eu-central-1", "us-west-2", "us-west-2"] == scopes(server)


def test_a_bucket_that_is_nowhere_is_said(service: Service) -> None:
    """Two regions that name each other are no reason to ask for ever."""
    elsewhere = (301, {"x-amz-bucket-region": "us-west-2"}, b"<Error><Code>PermanentRedirect</Code></Error>")
    with door(elsewhere) as server, pytest.raises(RefusedError, match="301 PermanentRedirect"):
        asking(service, server.url).object("s3://tides/x")

    assert 2 == len(server.asked)


def test_no_other_host_gets_what_was_signed_for_this_one(service: Service) -> None:
    """A redirect would take the credentials' signature along."""
    with door((200, {}, b"tide")) as other, door((301, {"Location": other.url}, b"")) as server:
        aws = asking(service, server.url)
        with pytest.raises(RefusedError, match="301"):
            aws.object("s3://tides/x")

    assert [] == other.asked


@pytest.mark.parametrize("body", [b"<html>", b"[1]", b'{"Parameter": {}}', b"\xff"], ids=repr)
def test_an_answer_that_makes_no_sense_is_a_refusal(service: Service, body: bytes) -> None:
    """Whatever it is, the boot must be able to say it."""
    with door((200, {}, body)) as server, pytest.raises(RefusedError, match="ssm"):
        asking(service, server.url, 1).parameter("/x")


def test_a_refusal_that_breaks_off_is_one(service: Service) -> None:
    """Its text was on the way when the connection ended."""
    with door((404, {"Content-Length": "100"}, b"<Error>")) as server, pytest.raises(RefusedError, match="404"):
        asking(service, server.url).object("s3://tides/x")


def test_metadata_that_make_no_sense_are_asked_again(sky: Endpoint, bucket: str, service: Service) -> None:
    """The service that hands out credentials has bad moments, too."""
    moments = [b"token", b"shop", b"<html>", b"shop", b"[]", b"shop", SAID]
    with door(*((200, {}, each) for each in moments)) as metadata:
        aws = Aws(Metadata(metadata.url), "eu-central-1", sky.url, time.monotonic() + 20)
        aws.object(f"s3://{bucket}/x", "PUT", b"tide")

    assert 7 == len(metadata.asked)


def test_credentials_that_are_none_are_not_kept(sky: Endpoint, bucket: str) -> None:
    """A role that was made a moment ago cannot be assumed yet; in five minutes the group waits no more."""
    none = b'{"Code": "AssumeRoleUnauthorizedAccess"}'
    moments = [b"token", b"shop", none, b"shop", SAID]
    with door(*((200, {}, each) for each in moments)) as metadata:
        aws = Aws(Metadata(metadata.url), "eu-central-1", sky.url, time.monotonic() + 20)
        aws.object(f"s3://{bucket}/x", "PUT", b"tide")

    assert 5 == len(metadata.asked)


def test_why_there_are_no_credentials_is_said(sky: Endpoint) -> None:
    """An instance profile whose role trusts somebody else."""
    none = b'{"Code": "AssumeRoleUnauthorizedAccess"}'
    with door((200, {}, b"token"), (200, {}, b"shop"), (200, {}, none)) as metadata:
        aws = Aws(Metadata(metadata.url), "eu-central-1", sky.url, time.monotonic())
        with pytest.raises(RefusedError, match="role shop gives no credentials: AssumeRoleUnauthorizedAccess"):
            aws.parameter("/x")


@pytest.mark.parametrize(
    ("status", "code"), [(400, "ExpiredToken"), (401, "Unauthorized"), (403, "InvalidAccessKeyId")]
)
def test_credentials_that_are_refused_are_read_again(service: Service, me: Instance, status: int, code: str) -> None:
    """A role that was replaced: those of the former one are worth nothing from then on."""
    refusal = f"<Error><Code>{code}</Code></Error>".encode()
    with door((200, {}, b"tide"), (status, {}, refusal), (200, {}, b"tide")) as s3:
        aws = asking(service, s3.url)
        aws.object("s3://tides/x")
        me.role = Role(access_key="ASIANEW")
        with suppress(RefusedError):
            aws.object("s3://tides/x")
        aws.object("s3://tides/x")

    assert "ASIANEW" in s3.asked[-1][1]["authorization"]
