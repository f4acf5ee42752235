"""Every operation of the contract answers, and each answer is one that botocore's model knows."""

from __future__ import annotations

import json

import pytest
from botocore.parsers import ResponseParserError

from slackwater.lab.cloud import cloud
from slackwater.lab.cloud.contract import OPERATIONS
from slackwater.lab.cloud.wire.answer import Answer
from slackwater.lab.cloud.wire.called import EC2, JSON, QUERY, REST, Called
from slackwater.lab.cloud.wire.shapes import misshapen
from tests.lab.cloud.tour.heard import Tour

GROUPS = Called("autoscaling", "DescribeAutoScalingGroups", "", QUERY, {})
BUCKETS = Called("s3", "ListBuckets", "", REST, {})
TAGS = Called("elbv2", "DescribeTags", "", QUERY, {})
VPCS = Called("ec2", "DescribeVpcs", "", EC2, {})
PARAMETER = Called("ssm", "GetParameter", "", JSON, {})
GROUP = """<DescribeAutoScalingGroupsResponse><DescribeAutoScalingGroupsResult><AutoScalingGroups><member>
<AutoScalingGroupName>g</AutoScalingGroupName><MinSize>{size}</MinSize><MaxSize>1</MaxSize>
<DesiredCapacity>0</DesiredCapacity><DefaultCooldown>300</DefaultCooldown>
<AvailabilityZones><member>eu-central-1a</member></AvailabilityZones><HealthCheckType>EC2</HealthCheckType>{more}
</member></AutoScalingGroups></DescribeAutoScalingGroupsResult></DescribeAutoScalingGroupsResponse>"""
SOUND = {"size": "0", "more": "<CreatedTime>2026-01-01T00:00:00Z</CreatedTime>"}
WHEN = SOUND["more"]


def test_every_operation_of_the_contract_is_called(tour: Tour) -> None:
    """One that nobody calls could answer anything."""
    promised = {(service, operation) for service, operations in OPERATIONS.items() for operation in operations}

    assert set() == promised - {key for key, answers in tour.answers.items() if answers}
    assert [] == tour.endpoint.uncovered


def test_every_answer_is_of_its_model(tour: Tour) -> None:
    """No element that is dropped or missing, no type and no word of an enumeration that AWS has not."""
    assert [] == tour.endpoint.misshapen


def test_a_sound_answer_is_none_of_its_business() -> None:
    assert [] == misshapen(GROUPS, Answer(200, GROUP.format(**SOUND).encode()))


def test_an_empty_list_is_sound() -> None:
    """AWS says of a target group without tags that it has an empty list of them."""
    bare = "<TagDescriptions><member><ResourceArn>arn</ResourceArn><Tags/></member></TagDescriptions>"
    body = f"<DescribeTagsResponse><DescribeTagsResult>{bare}</DescribeTagsResult></DescribeTagsResponse>"

    assert [] == misshapen(TAGS, Answer(200, body.encode()))


@pytest.mark.parametrize(
    ("told", "fault"),
    [
        ({"more": ""}, "CreatedTime"),
        ({"size": "few"}, "cannot be read"),
        ({"more": WHEN.replace("2026", "once")}, "cannot be read"),
        ({"more": f"{WHEN}<Mood>good</Mood>"}, "has no Mood"),
        ({"more": f"{WHEN}<TrafficSources><member><Type>x</Type></member></TrafficSources>"}, "Identifier"),
        (
            {"more": f"{WHEN}<WarmPoolConfiguration><PoolState>Tepid</PoolState></WarmPoolConfiguration>"},
            "is never 'Tepid'",
        ),
    ],
)
def test_what_no_client_could_read_is_found(told: dict[str, str], fault: str) -> None:
    """A member that is required and missing or that nobody knows, a wrong type, a word that AWS has not."""
    (found,) = misshapen(GROUPS, Answer(200, GROUP.format(**SOUND | told).encode()))

    assert fault in found


@pytest.mark.parametrize(
    ("call", "status", "body", "fault"),
    [
        (VPCS, 200, "<r><requestId>1</requestId><vpcSet><item><mood/></item></vpcSet></r>", "has no mood"),
        (BUCKETS, 200, "<r><Buckets><Bucket><Mood/></Bucket></Buckets></r>", "has no Mood"),
        (PARAMETER, 200, json.dumps({"Parameter": {"Mood": "good"}}), "has no Mood"),
        (PARAMETER, 200, json.dumps({"Parameter": {"Type": "Number"}}), "is never 'Number'"),
        (PARAMETER, 200, "half of an ans", "cannot be read"),
        (PARAMETER, 400, "{}", "an error without"),
        (GROUPS, 500, "<html>sorry</html>", "an error without Code"),
    ],
)
def test_in_each_protocol(call: Called, status: int, body: str, fault: str) -> None:
    """An error that names no code is none that a client could act on."""
    found = misshapen(call, Answer(status, body.encode()))

    assert fault in " ".join(found)


def test_a_fault_that_was_asked_for_is_not_held_against_the_cloud() -> None:
    """Nonsense on demand is a test's own; half of an answer was meant so."""
    with cloud() as endpoint:
        endpoint.say("autoscaling", "DescribeAutoScalingGroups", "nonsense")
        with pytest.raises(ResponseParserError):
            endpoint.client("autoscaling").describe_auto_scaling_groups()

        assert [] == endpoint.misshapen
