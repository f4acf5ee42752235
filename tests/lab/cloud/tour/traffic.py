"""Elastic Load Balancing and CloudWatch."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from tests.lab.cloud.tour.heard import Tour


def target_group(tour: Tour) -> str:
    """Behind a listener; its ARN."""
    asked = {"Protocol": "HTTP", "Port": 8000, "VpcId": tour.ground.vpc, "HealthCheckPath": "/health"}
    arn = str(tour.elbv2.create_target_group(Name="web", **asked)["TargetGroups"][0]["TargetGroupArn"])
    delay = [{"Key": "deregistration_delay.timeout_seconds", "Value": "70"}]
    tour.elbv2.modify_target_group_attributes(TargetGroupArn=arn, Attributes=delay)
    tour.elbv2.describe_target_group_attributes(TargetGroupArn=arn)
    balancer = load_balancer(tour, "web")
    forward = [{"Type": "forward", "TargetGroupArn": arn}]
    made = tour.elbv2.create_listener(LoadBalancerArn=balancer, Protocol="HTTP", Port=80, DefaultActions=forward)
    listener = made["Listeners"][0]["ListenerArn"]
    tour.elbv2.modify_listener(ListenerArn=listener, Port=8080, DefaultActions=forward)
    tour.elbv2.modify_target_group(TargetGroupArn=arn, HealthCheckIntervalSeconds=10)
    tour.elbv2.describe_listeners(LoadBalancerArn=balancer)
    tour.elbv2.describe_target_groups()
    tour.resourcegroupstaggingapi.get_resources(ResourceTypeFilters=["elasticloadbalancing:targetgroup"])
    return arn


def load_balancer(tour: Tour, name: str) -> str:
    guard = [tour.ground.security_group]
    made = tour.elbv2.create_load_balancer(Name=name, Subnets=list(tour.ground.subnets), SecurityGroups=guard)
    arn = str(made["LoadBalancers"][0]["LoadBalancerArn"])
    tour.elbv2.modify_load_balancer_attributes(
        LoadBalancerArn=arn, Attributes=[{"Key": "idle_timeout.timeout_seconds", "Value": "75"}]
    )
    tour.elbv2.describe_load_balancer_attributes(LoadBalancerArn=arn)
    tour.elbv2.set_subnets(LoadBalancerArn=arn, Subnets=list(tour.ground.subnets))
    tour.elbv2.set_security_groups(LoadBalancerArn=arn, SecurityGroups=guard)
    tour.elbv2.describe_load_balancers()
    return arn


def targets(tour: Tour, arn: str) -> None:
    """One instance in every state of a target; then everything goes."""
    asked = {"ImageId": tour.ground.image, "MinCount": 1, "MaxCount": 1}
    one = {"TargetGroupArn": arn, "Targets": [{"Id": tour.ec2.run_instances(**asked)["Instances"][0]["InstanceId"]}]}
    tour.elbv2.register_targets(**one)
    tour.elbv2.describe_target_health(TargetGroupArn=arn)
    tour.endpoint.cloud.turn(40)
    tour.elbv2.describe_target_health(TargetGroupArn=arn)
    tour.elbv2.deregister_targets(**one)
    tour.elbv2.describe_target_health(TargetGroupArn=arn)
    tour.elbv2.add_tags(ResourceArns=[arn], Tags=[{"Key": "team", "Value": "web"}])
    tour.elbv2.describe_tags(ResourceArns=[arn])
    tour.elbv2.remove_tags(ResourceArns=[arn], TagKeys=["team"])
    for balancer in tour.elbv2.describe_load_balancers()["LoadBalancers"]:
        for listener in tour.elbv2.describe_listeners(LoadBalancerArn=balancer["LoadBalancerArn"])["Listeners"]:
            tour.elbv2.delete_listener(ListenerArn=listener["ListenerArn"])
        tour.elbv2.delete_load_balancer(LoadBalancerArn=balancer["LoadBalancerArn"])
    tour.elbv2.delete_target_group(TargetGroupArn=arn)


def cloudwatch(tour: Tour) -> None:
    now, metric = datetime.now(UTC), {"Namespace": "web", "MetricName": "busy"}
    tour.cloudwatch.put_metric_data(
        Namespace="web", MetricData=[{"MetricName": "busy", "Value": 1.0, "Timestamp": now}]
    )
    tour.cloudwatch.put_metric_alarm(
        AlarmName="busy", **metric, Statistic="Average", Period=60, EvaluationPeriods=1, Threshold=5.0,
        ComparisonOperator="GreaterThanThreshold", TreatMissingData="missing",
    )  # fmt: skip
    tour.cloudwatch.set_alarm_state(AlarmName="busy", StateValue="ALARM", StateReason="a test")
    tour.cloudwatch.describe_alarms()
    tour.cloudwatch.list_metrics(Namespace="web")
    query = {"Id": "b", "MetricStat": {"Metric": metric, "Period": 60, "Stat": "Sum"}}
    tour.cloudwatch.get_metric_data(
        MetricDataQueries=[query], StartTime=now - timedelta(minutes=5), EndTime=now + timedelta(minutes=5)
    )
    tour.cloudwatch.delete_alarms(AlarmNames=["busy"])
