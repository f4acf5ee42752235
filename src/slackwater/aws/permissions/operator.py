"""The operator: plans and applies the group, releases, rolls out, and deletes."""

from __future__ import annotations

from collections.abc import Iterator

from slackwater.aws.permissions._statement import Statement
from slackwater.aws.permissions._subject import MARK, Subject, of, own

READ = {
    "autoscaling": """
        DescribeAutoScalingGroups DescribeLifecycleHooks DescribePolicies DescribeScheduledActions DescribeWarmPool
        DescribeNotificationConfigurations DescribeInstanceRefreshes
    """,
    "ec2": "DescribeImages DescribeInstances DescribeLaunchTemplates DescribeLaunchTemplateVersions",
    "cloudwatch": "DescribeAlarms",
    "tag": "GetResources",
}
READ_BALANCING = """
    DescribeTargetGroups DescribeTargetGroupAttributes DescribeTargetHealth DescribeTags
    DescribeLoadBalancers DescribeLoadBalancerAttributes DescribeListeners
"""
FORMER = "ModifyLoadBalancerAttributes DeleteLoadBalancer DeleteTargetGroup"
LOOKS = "DescribeAccountAttributes DescribeAddresses DescribeInternetGateways DescribeSecurityGroups DescribeSubnets"
"""Elastic Load Balancing asks EC2 in the operator's name:
https://docs.aws.amazon.com/elasticloadbalancing/latest/userguide/elb-api-permissions.html"""
GROUP = """
    CreateAutoScalingGroup UpdateAutoScalingGroup DeleteAutoScalingGroup CreateOrUpdateTags
    PutLifecycleHook DeleteLifecycleHook AttachLoadBalancerTargetGroups DetachLoadBalancerTargetGroups
    PutScalingPolicy DeletePolicy PutScheduledUpdateGroupAction DeleteScheduledAction PutWarmPool DeleteWarmPool
    PutNotificationConfiguration DeleteNotificationConfiguration ResumeProcesses
    StartInstanceRefresh RollbackInstanceRefresh CancelInstanceRefresh
"""
TARGETS = """
    CreateTargetGroup ModifyTargetGroup ModifyTargetGroupAttributes DeleteTargetGroup RegisterTargets DeregisterTargets
    AddTags
"""
BALANCER = """
    CreateLoadBalancer ModifyLoadBalancerAttributes SetSubnets SetSecurityGroups DeleteLoadBalancer CreateListener
    AddTags
"""


def operator(subject: Subject) -> Iterator[Statement]:
    yield Statement("Read", [action for service, words in READ.items() for action in of(service, words)])
    if subject.group.breaker:
        yield Statement("ReadLaunches", of("autoscaling", "DescribeScalingActivities"))
    yield Statement("Group", of("autoscaling", GROUP), [subject.scaling_group])
    # What a breaker has left behind that was taken out of the declaration.
    yield Statement("Unmark", of("autoscaling", "DeleteTags"), [subject.scaling_group], MARK)
    yield Statement("Alarms", of("cloudwatch", "PutMetricAlarm DeleteAlarms"), [subject.alarms])
    yield from _launch_template(subject)
    yield from _instances(subject)
    yield from _login(subject)
    yield from _balancing(subject)
    yield from _store(subject)
    yield from _parameters(subject)


def _launch_template(subject: Subject) -> Iterator[Statement]:
    """A template's ARN holds its id: only the mark tells ours from others."""
    templates, mark = subject.ec2("launch-template/*"), {"slackwater:managed": subject.group.name}
    requested = {"StringEquals": {f"aws:RequestTag/{key}": value for key, value in mark.items()}}
    yield Statement("MakeTemplate", of("ec2", "CreateLaunchTemplate"), templates, requested)
    changes = of("ec2", "CreateLaunchTemplateVersion DeleteLaunchTemplate CreateTags")
    yield Statement("ChangeTemplate", changes, templates, own(subject.group))
    while_made = {"StringEquals": {"ec2:CreateAction": "CreateLaunchTemplate"}}
    yield Statement("TagTemplate", of("ec2", "CreateTags"), templates, while_made)


def _instances(subject: Subject) -> Iterator[Statement]:
    """Nothing is launched by hand; AWS asks whether whoever names a template to a group could.

    https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-launch-template-permissions.html
    """
    group = subject.group
    run = of("ec2", "RunInstances")
    yield Statement("LaunchOfTemplate", run, subject.ec2("launch-template/*"), own(group))
    made = subject.ec2("instance/*", "network-interface/*", "volume/*")
    used = [
        *(f"subnet/{each}" for each in group.subnets),
        *(f"security-group/{each}" for each in group.security_groups),
    ]
    keys = [f"key-pair/{group.key_pair}"] if group.key_pair else []
    image = subject.arn("ec2", f"image/{group.image.value if group.image.kind == 'id' else '*'}", account="")
    # Without a template whoever has this document could launch anything there by hand.
    by_template = {"Bool": {"ec2:IsLaunchTemplateResource": "true"}}
    yield Statement("LaunchInto", run, [*made, *subject.ec2(*used, *keys), image], by_template)
    while_launched = {"StringEquals": {"ec2:CreateAction": "RunInstances"}}
    yield Statement("TagLaunched", of("ec2", "CreateTags"), subject.ec2("instance/*", "volume/*"), while_launched)
    to_ec2 = {"StringEquals": {"iam:PassedToService": _service("ec2", subject)}}
    yield Statement("HandOverRole", of("iam", "PassRole"), [subject.profile_role], to_ec2)
    yield _linked_roles(subject)


def _login(subject: Subject) -> Iterator[Statement]:
    """As the declared user alone: to the group's instances, which bear its mark, and to its declared balancers."""
    if subject.login is None or not subject.login.instance_connect:
        return
    send, user = of("ec2-instance-connect", "SendSSHPublicKey"), {"ec2:osuser": subject.login.user}
    mark = own(subject.group)["StringEquals"]
    yield Statement("LogIn", send, subject.ec2("instance/*"), {"StringEquals": {**mark, **user}})
    front = subject.group.load_balancer
    balancers = [f"instance/{each}" for each in front.balancer_instances] if front else []
    yield Statement("LogInToBalancers", send, subject.ec2(*balancers), {"StringEquals": user})


def _service(name: str, subject: Subject) -> str:
    return f"{name}.amazonaws.com.cn" if name == "ec2" and subject.partition == "aws-cn" else f"{name}.amazonaws.com"


def _linked_roles(subject: Subject) -> Statement:
    """The first group, and the first load balancer, of an account make AWS's own roles."""
    services = ["autoscaling", *(["elasticloadbalancing"] if subject.load_balancers else [])]
    names = [f"{service}.amazonaws.com" for service in services]
    roles = [subject.arn("iam", f"role/aws-service-role/{name}/*", region="") for name in names]
    return Statement(
        "MakeServiceRole", of("iam", "CreateServiceLinkedRole"), roles, {"StringEquals": {"iam:AWSServiceName": names}}
    )


def _balancing(subject: Subject) -> Iterator[Statement]:
    """Reading always, and taking away what bears the mark: what is no longer declared is still there."""
    prefix = "elasticloadbalancing"
    former = [subject.arn(prefix, f"{kind}/*") for kind in ("loadbalancer/net", "targetgroup")]
    yield Statement("Former", of(prefix, FORMER), former, own(subject.group))
    if not subject.target_groups:
        yield Statement("ReadTargets", of(prefix, "DescribeTags DescribeTargetGroups DescribeLoadBalancers"))
        return
    yield Statement("ReadTargets", [*of(prefix, READ_BALANCING), *of("ec2", f"{LOOKS} DescribeVpcs")])
    yield Statement("Targets", of(prefix, TARGETS), subject.target_groups)
    yield Statement("LoadBalancer", of(prefix, BALANCER), subject.load_balancers)
    yield Statement("Listeners", of(prefix, "ModifyListener DeleteListener"), subject.listeners)


def _store(subject: Subject) -> Iterator[Statement]:
    """Releases, bundles, arrivals, and who is changing the fleet."""
    # IfExists: S3 answers 403 instead of 404 to whoever may not list, and a look for one object names no prefix.
    within = {"StringLikeIfExists": {"s3:prefix": [f"{subject.prefix}*"]}} if subject.prefix else {}
    yield Statement("ListStore", of("s3", "ListBucket"), subject.bucket, within)
    yield Statement("ListLogs", of("s3", "ListBucket"), subject.shelf)
    yield Statement("ReadLogs", of("s3", "GetObject"), subject.shipped)
    yield Statement("Store", of("s3", "GetObject PutObject DeleteObject AbortMultipartUpload"), subject.objects("*"))


def _parameters(subject: Subject) -> Iterator[Statement]:
    image = subject.group.image
    if image.kind == "ssm":
        # AWS's own parameters are nobody's: their account is empty.
        place = "" if image.value.startswith("/aws/") else None
        # IAM knows a parameter by its name, whichever version or label of it is asked for.
        name = image.value.lstrip("/").partition(":")[0]
        named = subject.arn("ssm", f"parameter/{name}", account=place)
        yield Statement("ReadImage", of("ssm", "GetParameter"), [named])
    yield Statement("Proved", of("ssm", "GetParameter PutParameter"), subject.pointers)
    app = [f"slackwater/{subject.app.name}"] if subject.app else []
    yield Statement("ListProved", of("ssm", "GetParametersByPath"), subject.parameters(*app))
