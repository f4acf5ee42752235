"""What the lab's cloud answers for, and what it refuses rather than pretend."""

from __future__ import annotations

import urllib.error
import urllib.request
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from slackwater.lab.cloud import cloud
from slackwater.lab.cloud.contract import OPERATIONS
from slackwater.lab.cloud.moto import Moto
from slackwater.lab.cloud.region import Region
from slackwater.lab.cloud.wire.answer import answer


@pytest.mark.parametrize("service", sorted(OPERATIONS))
def test_every_operation_exists(service: str) -> None:
    """A misspelt one would never be called, and its place never be missed."""
    known = boto3.Session()._session.get_service_model(service).operation_names

    assert set() == OPERATIONS[service] - set(known)


def test_all_of_auto_scaling_is_our_own() -> None:
    """moto's would keep books and move nobody."""
    region = Region(Moto(), "eu-central-1", lifecycle=False, clock=lambda: 0.0, shortest=30)

    assert OPERATIONS["autoscaling"] == set(region.services["autoscaling"].operations)
    for service in ("ec2", "elbv2"):
        assert set() == set(region.services[service].operations) - OPERATIONS[service]


@pytest.mark.parametrize(
    ("operation", "values", "word"),
    [
        ("DescribeAutoScalingInstances", {"AutoScalingInstances": [{"Mood": "good"}]}, "Mood"),
        ("DescribeScalingActivities", {"Activities": [{"StatusCode": "Waiting"}]}, "Waiting"),
        ("DescribeWarmPool", {"Instances": [{"LifecycleState": "Warmed:Waiting"}]}, "Warmed:Waiting"),
    ],
)
def test_what_botocores_model_does_not_know_is_never_said(operation: str, values: dict[str, Any], word: str) -> None:
    """A member would be dropped in silence, and of a made-up state nobody would ever hear from AWS."""
    with pytest.raises(TypeError, match=word):
        answer("autoscaling", operation, values)


def test_whatever_is_not_on_the_list_is_refused_and_noted() -> None:
    """A stub that answers something would let a wrong call pass."""
    with cloud() as endpoint:
        for service, call in (("autoscaling", "describe_account_limits"), ("ec2", "describe_hosts")):
            with pytest.raises(ClientError, match="InvalidAction"):
                getattr(endpoint.client(service), call)()

        assert [("autoscaling", "DescribeAccountLimits"), ("ec2", "DescribeHosts")] == endpoint.uncovered


@pytest.mark.parametrize("path", ["/moto-api/reset", "/latest/meta-data/instance-id"])
def test_what_no_aws_has_is_refused(path: str) -> None:
    """moto's switch would wipe every cloud of the process; its metadata are of no instance of this cloud."""
    with cloud() as endpoint, pytest.raises(urllib.error.HTTPError, match="400"):
        urllib.request.urlopen(endpoint.url + path, data=b"")


def test_calls_are_noted_by_the_names_that_boto3_uses() -> None:
    """`monitoring` and `elasticloadbalancing` are words of the signature only."""
    with cloud() as endpoint:
        endpoint.client("cloudwatch").describe_alarms()
        endpoint.client("elbv2").describe_target_groups()

        assert [("cloudwatch", "DescribeAlarms"), ("elbv2", "DescribeTargetGroups")] == endpoint.calls


def test_two_clouds_at_once_do_not_see_each_other() -> None:
    """Each is an account of its own."""
    with cloud() as one, cloud() as other:
        one.client("ssm").put_parameter(Name="p", Value="v", Type="String")

        assert one.account != other.account
        with pytest.raises(ClientError, match="ParameterNotFound"):
            other.client("ssm").get_parameter(Name="p")


def test_nothing_is_left_when_it_ends() -> None:
    """The name of a bucket is free again."""
    for _ in range(2):
        with cloud() as endpoint:
            place = {"LocationConstraint": "eu-central-1"}
            endpoint.client("s3").create_bucket(Bucket="same", CreateBucketConfiguration=place)
