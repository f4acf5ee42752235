"""What a test can make go wrong."""

from __future__ import annotations

from pathlib import Path

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, ConnectionClosedError
from botocore.parsers import ResponseParserError

from slackwater.lab.cloud import Endpoint, cloud


def code_of(error: pytest.ExceptionInfo[ClientError]) -> str:
    return str(error.value.response["Error"]["Code"])


@pytest.mark.parametrize(
    ("service", "call", "operation"),
    [
        ("autoscaling", "describe_auto_scaling_groups", "DescribeAutoScalingGroups"),
        ("ec2", "describe_launch_templates", "describe_launch_templates"),
        ("elbv2", "describe_target_groups", "*"),
        ("cloudwatch", "describe_alarms", "DescribeAlarms"),
        ("s3", "list_buckets", "ListBuckets"),
        ("sts", "get_caller_identity", "GetCallerIdentity"),
    ],
)
def test_a_call_fails_as_often_as_asked(endpoint: Endpoint, service: str, call: str, operation: str) -> None:
    """In each service's own protocol, and then it answers again."""
    endpoint.fail(service, operation, "AccessDenied", times=2, status=403)
    for _ in range(2):
        with pytest.raises(ClientError) as error:
            getattr(endpoint.client(service), call)()

        assert "AccessDenied" == code_of(error)
        assert 403 == error.value.response["ResponseMetadata"]["HTTPStatusCode"]
    getattr(endpoint.client(service), call)()


@pytest.mark.parametrize(
    ("service", "call"), [("ssm", "get_parameter"), ("secretsmanager", "describe_secret")], ids=["ssm", "secrets"]
)
def test_json_services_fail_in_json(endpoint: Endpoint, service: str, call: str) -> None:
    """botocore reads the code from the body's __type."""
    endpoint.fail(service, "*", "InternalServerError", status=500)
    with pytest.raises(ClientError) as error:
        getattr(endpoint.client(service), call)(**{"ssm": {"Name": "x"}, "secretsmanager": {"SecretId": "x"}}[service])

    assert "InternalServerError" == code_of(error)


def test_throttling_is_retried_by_a_client_that_retries(endpoint: Endpoint) -> None:
    """As botocore's standard mode does against AWS."""
    endpoint.fail("ec2", "DescribeVpcs", "RequestLimitExceeded", times=2, status=503)
    client = endpoint.client("ec2", config=Config(retries={"mode": "standard", "total_max_attempts": 3}))

    assert client.describe_vpcs()["Vpcs"]


@pytest.mark.parametrize("code", ["InternalFailure", None], ids=["an error", "the connection is cut"])
def test_an_answer_can_be_lost_after_the_call_was_carried_out(endpoint: Endpoint, code: str | None) -> None:
    """The caller cannot know; the cloud has done it."""
    name = f"/lost/{code}"
    endpoint.fail("ssm", "PutParameter", code, after=True, status=500)
    with pytest.raises((ClientError, ConnectionClosedError)):
        endpoint.client("ssm").put_parameter(Name=name, Value="there", Type="String")

    assert "there" == endpoint.client("ssm").get_parameter(Name=name)["Parameter"]["Value"]


def test_a_call_that_fails_changes_nothing(endpoint: Endpoint) -> None:
    """Without `after` the cloud never hears of it."""
    endpoint.fail("ssm", "PutParameter", "ThrottlingException")
    with pytest.raises(ClientError, match="ThrottlingException"):
        endpoint.client("ssm").put_parameter(Name="/not", Value="there", Type="String")
    with pytest.raises(ClientError, match="ParameterNotFound"):
        endpoint.client("ssm").get_parameter(Name="/not")


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_a_connection_is_reset(endpoint: Endpoint, after: bool) -> None:
    """By a reset and no orderly end, before the call was carried out or after."""
    name = f"/reset/{after}"
    endpoint.fail("ssm", "PutParameter", None, after=after)
    with pytest.raises(ConnectionClosedError) as closed:
        endpoint.client("ssm").put_parameter(Name=name, Value="there", Type="String")
    found = endpoint.client("ssm").get_parameters(Names=[name])["Parameters"]

    assert ConnectionResetError is type(closed.value.kwargs["error"].args[1])
    assert after == bool(found)


def test_a_slow_answer_is_an_answer(endpoint: Endpoint) -> None:
    """Whoever gives up earlier has been told nothing."""
    endpoint.slow("sts", "GetCallerIdentity", 0.05)

    assert endpoint.account == endpoint.client("sts").get_caller_identity()["Account"]


def test_an_answer_may_be_anything(endpoint: Endpoint) -> None:
    """What a client makes of half an answer, of an empty one or of a page of some box in between."""
    endpoint.say("autoscaling", "DescribeAutoScalingGroups", "<html>")
    with pytest.raises(ResponseParserError):
        endpoint.client("autoscaling").describe_auto_scaling_groups()

    assert [] == endpoint.client("autoscaling").describe_auto_scaling_groups()["AutoScalingGroups"]


def test_a_refusal_may_say_anything(endpoint: Endpoint) -> None:
    """In its own words and with its own status."""
    endpoint.say("ssm", "GetParameter", '{"__type": "com.amazon#ThrottlingException", "message": "slower"}', status=400)
    with pytest.raises(ClientError, match="slower") as error:
        endpoint.client("ssm").get_parameter(Name="/x")

    assert "ThrottlingException" == code_of(error)


def test_it_recovers_when_it_is_told_to(endpoint: Endpoint) -> None:
    """A bad day ends, whatever of it was not used up."""
    endpoint.fail("sts", "*", "Throttling", times=1000)
    with pytest.raises(ClientError, match="Throttling"):
        endpoint.client("sts").get_caller_identity()
    endpoint.recover()

    assert endpoint.account == endpoint.client("sts").get_caller_identity()["Account"]


def test_the_log_is_where_it_was_wanted(tmp_path: Path) -> None:
    """A cloud of its own directory writes there."""
    with cloud(tmp_path / "cloud"):
        assert (tmp_path / "cloud/cloud.log").is_file()
