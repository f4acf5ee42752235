"""What the settings of a scaling group allow, against AWS's own service models."""

from __future__ import annotations

import re
from functools import cache
from typing import Any, get_args

import pytest
from botocore.session import get_session
from pydantic import BaseModel

from slackwater import Maintenance, Metric, NetworkLoadBalancer, Policy, TargetGroup, Volume, WarmPool
from slackwater.settings.scaling import _words, metric, network_load_balancer, policy, target_group, volume, warm_pool
from slackwater.settings.scaling._group_conflicts import LONGEST_ALARM, LONGEST_SUBNETS


@cache
def shape(service: str, name: str) -> Any:
    return get_session().get_service_model(service).shape_for(name)


def bounds(kind: type[BaseModel], field: str) -> tuple[int | None, int | None]:
    told = kind.model_fields[field].metadata
    least = [getattr(each, "ge", None) for each in told]
    most = [getattr(each, "le", None) for each in told]
    return next(filter(None, least), None), next(filter(None, most), None)


@pytest.mark.parametrize(
    ("field", "name"),
    [
        ("port", "Port"),
        ("health_interval", "HealthCheckIntervalSeconds"),
        ("health_timeout", "HealthCheckTimeoutSeconds"),
        ("rise", "HealthCheckThresholdCount"),
        ("fall", "HealthCheckThresholdCount"),
    ],
)
def test_a_target_group_has_awss_ranges(field: str, name: str) -> None:
    """Neither wider, for AWS would refuse it, nor narrower."""
    model = shape("elbv2", name).metadata

    assert (model["min"], model["max"]) == bounds(TargetGroup, field)


@pytest.mark.parametrize(
    ("service", "name", "known"),
    [
        ("autoscaling", "WarmPoolState", warm_pool.State),
        ("autoscaling", "MetricStatistic", metric.Statistic),
        ("autoscaling", "PredictiveScalingMode", policy.Mode),
        ("elbv2", "LoadBalancerSchemeEnum", network_load_balancer.Scheme),
    ],
)
def test_words_are_awss_own(service: str, name: str, known: Any) -> None:
    """All of them, and no other."""
    assert set(shape(service, name).enum) == set(get_args(known))


@pytest.mark.parametrize(
    ("service", "name", "known"),
    [("ec2", "VolumeType", volume.Kind), ("elbv2", "ProtocolEnum", target_group.Protocol)],
)
def test_chosen_words_are_among_awss(service: str, name: str, known: Any) -> None:
    """Some are left out: disks that spin, and protocols without a health route."""
    assert set(get_args(known)) < set(shape(service, name).enum)


def test_lengths_are_awss() -> None:
    """Of names and lists."""
    assert shape("autoscaling", "XmlStringMaxLen5000").metadata["max"] == LONGEST_SUBNETS
    assert shape("cloudwatch", "AlarmName").metadata["max"] == LONGEST_ALARM
    assert shape("cloudwatch", "Dimensions").metadata["max"] == metric.MOST_DIMENSIONS
    assert (
        shape("autoscaling", "IntPercent100To200Resettable").metadata["max"]
        == bounds(Maintenance, "maximum_healthy")[1]
    )


@pytest.mark.parametrize(
    ("pattern", "service", "name"),
    [
        (_words.GROUP_NAME, "autoscaling", "XmlStringMaxLen255"),
        (_words.HOOK_NAME, "autoscaling", "AsciiStringMaxLen255"),
    ],
)
def test_names_have_awss_lengths(pattern: str, service: str, name: str) -> None:
    """The longest is taken, and nothing longer."""
    longest = shape(service, name).metadata["max"]

    assert re.match(pattern, "x" * longest)
    assert not re.match(pattern, "x" * (longest + 1))


def test_a_hooks_name_has_awss_letters() -> None:
    """Each ASCII character is judged as AWS judges it."""
    model = re.compile(shape("autoscaling", "AsciiStringMaxLen255").metadata["pattern"])
    ours = re.compile(_words.HOOK_NAME)
    letters = [chr(code) for code in range(33, 127)]

    assert [letter for letter in letters if model.fullmatch(letter)] == [x for x in letters if ours.match(x)]


def test_tags_have_awss_lengths() -> None:
    """128 characters of key, 256 of value."""
    key, value = shape("autoscaling", "TagKey").metadata, shape("autoscaling", "TagValue").metadata

    assert (128, 256) == (key["max"], value["max"])
    assert ("1 to 128", "at most 256") == (_words.TAG_KEY_ALLOWED[:8], _words.TAG_VALUE_ALLOWED[:11])


def test_every_type_has_its_sentences() -> None:
    """A setting without a description could not be looked up."""
    kinds: list[type[BaseModel]] = [Metric, Policy, NetworkLoadBalancer, Volume, WarmPool]

    assert [] == [
        f"{kind.__name__}.{name}" for kind in kinds for name, info in kind.model_fields.items() if not info.description
    ]
