"""An instance of the group: fetches what it runs, says how its boot and its leaving go, and changes nothing."""

from __future__ import annotations

from collections.abc import Iterator

from slackwater.aws.permissions._statement import Statement
from slackwater.aws.permissions._subject import Subject, of
from slackwater.settings import Secret


def instance(subject: Subject) -> Iterator[Statement]:
    """Nothing that suspends, resizes or retags: whoever takes over an app must not get at the fleet."""
    words = of("autoscaling", "CompleteLifecycleAction RecordLifecycleActionHeartbeat")
    yield Statement("OwnLifecycle", words, [subject.scaling_group])
    yield Statement("OwnState", of("autoscaling", "DescribeAutoScalingInstances DescribeLifecycleHooks"))
    if "worker" in subject.group.groups:
        yield Statement("CountOfGroup", of("autoscaling", "DescribeAutoScalingGroups"))
    yield from _traffic(subject)
    # CloudWatch knows no narrower resource than a namespace.
    metrics = {"StringEquals": {"cloudwatch:namespace": "Slackwater"}}
    yield Statement("OwnMemory", of("cloudwatch", "PutMetricData"), conditions=metrics)
    releases = [f"{subject.app.name}/*"] if subject.app else []
    fetched = subject.objects(f"bundles/{subject.environment}/*", *releases)
    yield Statement("FetchBundleAndReleases", of("s3", "GetObject"), fetched)
    yield Statement("ReportArrival", of("s3", "PutObject"), subject.objects(f"arrivals/{subject.environment}/*"))
    yield from ships(subject)
    yield Statement("ReadProved", of("ssm", "GetParameter"), subject.pointers)
    yield from _secrets(subject)


def ships(subject: Subject) -> Iterator[Statement]:
    """Logs come, and are neither read nor written over: whoever takes over an app must not rewrite what it has said.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes-enforce.html
    """
    only_new = {"Null": {"s3:if-none-match": "false"}}
    yield Statement("ShipLogs", of("s3", "PutObject"), subject.shipped, only_new)


def _traffic(subject: Subject) -> Iterator[Statement]:
    """Out of the group's target groups when it drains, and back when that is called off."""
    own = subject.own_target_groups
    if own:
        reads = of("elasticloadbalancing", "DescribeTargetGroups DescribeTargetHealth")
        # https://docs.aws.amazon.com/elasticloadbalancing/latest/userguide/elb-api-permissions.html
        registering = of("ec2", "DescribeInstances DescribeInternetGateways DescribeSubnets DescribeVpcs")
        yield Statement("SeeTargets", [*reads, *registering])
        yield Statement("OwnTargets", of("elasticloadbalancing", "DeregisterTargets RegisterTargets"), own)


def _secrets(subject: Subject) -> Iterator[Statement]:
    """Those that the app declares, one by one."""
    told = subject.app.secrets.values() if subject.app else ()
    named = {kind: [secret for secret in told if secret.kind == kind] for kind in ("ssm", "secrets_manager")}
    parameters = [_parameter(subject, secret) for secret in named["ssm"]]
    yield Statement("ReadParameters", of("ssm", "GetParameter"), sorted(set(parameters)))
    secrets = [_secret(subject, secret) for secret in named["secrets_manager"]]
    yield Statement("ReadSecrets", of("secretsmanager", "GetSecretValue"), sorted(set(secrets)))


def _parameter(subject: Subject, secret: Secret) -> str:
    if secret.location.startswith("arn:"):
        return secret.location
    return subject.arn("ssm", f"parameter/{secret.location.lstrip('/')}", region=secret.region)


def _secret(subject: Subject, secret: Secret) -> str:
    """AWS hangs a hyphen and six characters of its own on the name."""
    if secret.location.startswith("arn:"):
        return secret.location
    return subject.arn("secretsmanager", f"secret:{secret.location}-??????", region=secret.region)
