"""Which IAM actions an operation takes: its own, by the name that IAM has for it, and those that it depends on."""

from __future__ import annotations

SERVICES = {"elbv2": "elasticloadbalancing", "resourcegroupstaggingapi": "tag"}
RENAMED = {
    ("s3", "HeadObject"): ("s3:GetObject",),
    ("s3", "ListObjectsV2"): ("s3:ListBucket",),
    ("s3", "CreateMultipartUpload"): ("s3:PutObject", "s3:AbortMultipartUpload"),
    ("s3", "UploadPart"): ("s3:PutObject",),
    ("s3", "CompleteMultipartUpload"): ("s3:PutObject",),
}
_LAUNCHES = ("ec2:RunInstances", "ec2:CreateTags", "iam:PassRole")
_LOOKS = tuple(f"ec2:Describe{what}" for what in ("InternetGateways", "Subnets", "Vpcs"))
DEPENDENT = {
    ("autoscaling", "CreateAutoScalingGroup"): (
        "autoscaling:CreateOrUpdateTags",
        "iam:CreateServiceLinkedRole",
        *_LAUNCHES,
    ),
    ("autoscaling", "UpdateAutoScalingGroup"): _LAUNCHES,
    ("autoscaling", "StartInstanceRefresh"): _LAUNCHES,
    ("ec2", "CreateLaunchTemplate"): ("ec2:CreateTags",),
    ("elbv2", "CreateTargetGroup"): ("elasticloadbalancing:AddTags", *_LOOKS),
    ("elbv2", "CreateLoadBalancer"): (
        "elasticloadbalancing:AddTags",
        "ec2:DescribeAccountAttributes",
        "ec2:DescribeAddresses",
        "ec2:DescribeSecurityGroups",
        "iam:CreateServiceLinkedRole",
        *_LOOKS,
    ),
    ("elbv2", "RegisterTargets"): ("ec2:DescribeInstances", *_LOOKS),
    ("elbv2", "SetSubnets"): ("ec2:DescribeSubnets",),
}
"""https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-launch-template-permissions.html and
https://docs.aws.amazon.com/elasticloadbalancing/latest/userguide/elb-api-permissions.html"""


def actions(service: str, operation: str) -> tuple[str, ...]:
    """`service` as boto3 calls it, `operation` as AWS does."""
    own = RENAMED.get((service, operation), (f"{SERVICES.get(service, service)}:{operation}",))
    return (*own, *DEPENDENT.get((service, operation), ()))
