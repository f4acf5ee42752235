"""The services beside: what is put is what comes back."""

from __future__ import annotations

import json
import urllib.request
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from slackwater.lab.cloud import Endpoint, Ground


def test_parameters(endpoint: Endpoint) -> None:
    """A secret one is told in clear only to who asks for it."""
    ssm = endpoint.client("ssm")
    ssm.put_parameter(Name="/app/key", Value="s3cret", Type="SecureString")
    ssm.put_parameter(Name="/app/plain", Value="open", Type="String")
    found = ssm.get_parameters(Names=["/app/key", "/app/plain", "/nobody"], WithDecryption=True)

    assert {"/app/key": "s3cret", "/app/plain": "open"} == {each["Name"]: each["Value"] for each in found["Parameters"]}
    assert ["/nobody"] == found["InvalidParameters"]
    assert "s3cret" != ssm.get_parameter(Name="/app/key")["Parameter"]["Value"]
    with pytest.raises(ClientError, match="ParameterNotFound"):
        ssm.get_parameter(Name="/nobody")


def test_amazons_own_image_parameters_are_there(endpoint: Endpoint) -> None:
    """What a declared image of that kind is resolved by."""
    name = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64"

    assert endpoint.client("ssm").get_parameter(Name=name)["Parameter"]["Value"].startswith("ami-")


def test_secrets(endpoint: Endpoint) -> None:
    """Text comes back as it was put."""
    client = endpoint.client("secretsmanager")
    client.create_secret(Name="db", SecretString=json.dumps({"password": "x"}))

    assert {"password": "x"} == json.loads(client.get_secret_value(SecretId="db")["SecretString"])
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        client.get_secret_value(SecretId="nobody")


def test_objects(endpoint: Endpoint, ground: Ground) -> None:
    """Bytes, metadata, lists, and a signed address that needs no keys."""
    s3 = endpoint.client("s3")
    s3.put_object(Bucket=ground.bucket, Key="bundles/prod/a.tar.gz", Body=b"bundle", Metadata={"sha256": "abc"})
    head = s3.head_object(Bucket=ground.bucket, Key="bundles/prod/a.tar.gz")
    listed = s3.list_objects_v2(Bucket=ground.bucket, Prefix="bundles/")["Contents"]
    names = {"Bucket": ground.bucket, "Key": "bundles/prod/a.tar.gz"}
    signed = s3.generate_presigned_url("get_object", Params=names)
    with urllib.request.urlopen(signed) as answer:
        body = answer.read()

    assert (6, {"sha256": "abc"}) == (head["ContentLength"], head["Metadata"])
    assert ["bundles/prod/a.tar.gz"] == [each["Key"] for each in listed]
    assert b"bundle" == body == s3.get_object(**names)["Body"].read()
    s3.delete_object(**names)
    with pytest.raises(ClientError, match="404"):
        s3.head_object(**names)


def test_who_one_is(endpoint: Endpoint) -> None:
    """The account of this cloud and no other."""
    assert endpoint.account == endpoint.client("sts").get_caller_identity()["Account"]


def test_roles_and_profiles(endpoint: Endpoint) -> None:
    """A role's own policy is what it was put as."""
    iam = endpoint.client("iam")
    document = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}]}
    iam.create_role(RoleName="r", AssumeRolePolicyDocument=json.dumps(document))
    iam.put_role_policy(RoleName="r", PolicyName="p", PolicyDocument=json.dumps(document))
    iam.create_instance_profile(InstanceProfileName="ip")
    iam.add_role_to_instance_profile(InstanceProfileName="ip", RoleName="r")
    profile = iam.get_instance_profile(InstanceProfileName="ip")["InstanceProfile"]

    assert document == iam.get_role_policy(RoleName="r", PolicyName="p")["PolicyDocument"]
    assert ["r"] == [role["RoleName"] for role in profile["Roles"]]


def test_topics(endpoint: Endpoint) -> None:
    """A second call of the same name is the same topic."""
    sns = endpoint.client("sns")

    assert sns.create_topic(Name="t")["TopicArn"] == sns.create_topic(Name="t")["TopicArn"]


def test_metrics_and_alarms(endpoint: Endpoint) -> None:
    """A sum of what was put; an alarm as it was put."""
    cloudwatch = endpoint.client("cloudwatch")
    moment = datetime.now(UTC)
    data: dict[str, Any] = {"MetricName": "Backlog", "Dimensions": [{"Name": "Queue", "Value": "q"}]}
    points = [{**data, "Value": value, "Timestamp": moment} for value in (1.0, 2.0)]
    cloudwatch.put_metric_data(Namespace="Slackwater", MetricData=points)
    stat = {"Metric": {"Namespace": "Slackwater", **data}, "Period": 60, "Stat": "Sum"}
    found = cloudwatch.get_metric_data(
        MetricDataQueries=[{"Id": "q", "MetricStat": stat}],
        StartTime=moment - timedelta(minutes=5),
        EndTime=moment + timedelta(minutes=5),
    )["MetricDataResults"][0]
    alarm = {
        "AlarmName": "backlog",
        "Namespace": "Slackwater",
        **data,
        "Statistic": "Maximum",
        "Period": 60,
        "EvaluationPeriods": 5,
        "Threshold": 9.0,
        "ComparisonOperator": "GreaterThanThreshold",
    }
    cloudwatch.put_metric_alarm(**alarm)
    kept = cloudwatch.describe_alarms(AlarmNames=["backlog"])["MetricAlarms"][0]
    cloudwatch.delete_alarms(AlarmNames=["backlog"])

    assert [3.0] == found["Values"]
    assert alarm == {key: kept[key] for key in alarm}
    assert [] == cloudwatch.describe_alarms(AlarmNames=["backlog"])["MetricAlarms"]


def test_a_key_is_pushed_to_an_instance(endpoint: Endpoint, ground: Ground) -> None:
    """EC2 Instance Connect says yes."""
    made = endpoint.client("ec2").run_instances(ImageId=ground.image, MinCount=1, MaxCount=1)["Instances"][0]
    key = "ssh-ed25519 " + "A" * 300
    said = endpoint.client("ec2-instance-connect").send_ssh_public_key(
        InstanceId=made["InstanceId"], InstanceOSUser="admin", SSHPublicKey=key
    )

    assert said["Success"]


def test_instances_are_as_many_as_asked_for(endpoint: Endpoint, ground: Ground) -> None:
    """moto launches the smaller number; a template outside a group is refused, for moto drops half of it."""
    ec2 = endpoint.client("ec2")
    made = ec2.run_instances(ImageId=ground.image, MinCount=1, MaxCount=2)["Instances"]

    assert 2 == len(made)
    with pytest.raises(ClientError, match="UnsupportedOperation"):
        ec2.run_instances(LaunchTemplate={"LaunchTemplateName": "web"}, MinCount=1, MaxCount=1)


def test_a_network_load_balancer_and_its_listeners(endpoint: Endpoint, ground: Ground) -> None:
    """As they were put."""
    elb = endpoint.client("elbv2")
    group = elb.create_target_group(Name="nlb", Protocol="TCP", Port=80, VpcId=ground.vpc)["TargetGroups"][0]
    made = elb.create_load_balancer(Name="nlb", Type="network", Scheme="internal", Subnets=list(ground.subnets))
    arn = made["LoadBalancers"][0]["LoadBalancerArn"]
    action = {"Type": "forward", "TargetGroupArn": group["TargetGroupArn"]}
    elb.create_listener(LoadBalancerArn=arn, Protocol="TCP", Port=80, DefaultActions=[action])
    cross = {"Key": "load_balancing.cross_zone.enabled", "Value": "true"}
    elb.modify_load_balancer_attributes(LoadBalancerArn=arn, Attributes=[cross])
    found = elb.describe_load_balancers(Names=["nlb"])["LoadBalancers"][0]
    listeners = elb.describe_listeners(LoadBalancerArn=arn)["Listeners"]

    assert ("network", "internal") == (found["Type"], found["Scheme"])
    assert set(ground.subnets) == {each["SubnetId"] for each in found["AvailabilityZones"]}
    assert [(80, "TCP")] == [(each["Port"], each["Protocol"]) for each in listeners]
    assert cross in elb.describe_load_balancer_attributes(LoadBalancerArn=arn)["Attributes"]
