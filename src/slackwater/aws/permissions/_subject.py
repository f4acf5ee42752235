"""What a policy document is about, and the names that AWS gives it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from slackwater.settings import App, Logs, ScalingGroup, Ssh, Store

MARK = {"ForAllValues:StringLike": {"aws:TagKeys": ["slackwater:breaker-*"]}}
"""A condition: of the group's tags only the breaker's."""
PARTITIONS = {"cn": "aws-cn", "us-gov": "aws-us-gov"}


@dataclass(frozen=True)
class Subject:
    """`account` is its number, or `*` where nobody knows it; `environment` the inventory's name.

    `role` is the role in the group's instance profile; None takes the profile's own name, as the AWS console does.
    `login` is how operators come to hosts, where that is declared.
    """

    group: ScalingGroup
    store: Store
    app: App | None
    fleet: str
    environment: str
    account: str = "*"
    role: str | None = None
    logs: Logs = field(default_factory=Logs)
    login: Ssh | None = None

    @property
    def partition(self) -> str:
        return next((name for start, name in PARTITIONS.items() if self.group.region.startswith(f"{start}-")), "aws")

    def arn(self, service: str, resource: str, *, region: str | None = None, account: str | None = None) -> str:
        """Of the group's region and account unless told otherwise; either may be empty."""
        where = self.group.region if region is None else region
        whose = self.account if account is None else account
        return f"arn:{self.partition}:{service}:{where}:{whose}:{resource}"

    def ec2(self, *resources: str) -> list[str]:
        return [self.arn("ec2", resource) for resource in resources]

    @property
    def scaling_group(self) -> str:
        return self.arn("autoscaling", f"autoScalingGroup:*:autoScalingGroupName/{self.group.name}")

    @property
    def alarms(self) -> str:
        return self.arn("cloudwatch", f"alarm:slackwater-{self.group.name}:*")

    @property
    def own_target_groups(self) -> list[str]:
        """Those in which the group's instances are."""
        names = [declared.name for declared in self.group.target_groups]
        return [self.arn("elasticloadbalancing", f"targetgroup/{name}/*") for name in names]

    @property
    def target_groups(self) -> list[str]:
        """Those of the declaration, and those of the load balancer's ports."""
        front = self.group.load_balancer
        names = [declared.name for declared in self.group.target_groups]
        ports = [f"{front.name}-*"] if front else []
        return [self.arn("elasticloadbalancing", f"targetgroup/{name}/*") for name in (*names, *ports)]

    @property
    def load_balancers(self) -> list[str]:
        front = self.group.load_balancer
        return [self.arn("elasticloadbalancing", f"loadbalancer/net/{front.name}/*")] if front else []

    @property
    def listeners(self) -> list[str]:
        front = self.group.load_balancer
        return [self.arn("elasticloadbalancing", f"listener/net/{front.name}/*")] if front else []

    @property
    def bucket(self) -> list[str]:
        """Empty for a store that is no bucket."""
        return [self.arn("s3", self._place[0], region="", account="")] if self.store.kind == "s3" else []

    def objects(self, *keys: str) -> list[str]:
        """Below the store's prefix."""
        return [f"{bucket}/{self.prefix}{key}" for bucket in self.bucket for key in keys]

    @property
    def prefix(self) -> str:
        """Empty, or ending in a slash."""
        path = self._place[2].strip("/")
        return f"{path}/" if path else ""

    @property
    def shipped(self) -> list[str]:
        """Log objects of the fleet; empty where none go to a bucket."""
        place = (self.logs.bucket or "").removeprefix("s3://")
        return [self.arn("s3", f"{place}/{self.fleet}/*", region="", account="")] if place else []

    @property
    def shelf(self) -> list[str]:
        """The bucket of the logs; empty where there is none."""
        place = (self.logs.bucket or "").removeprefix("s3://").partition("/")[0]
        return [self.arn("s3", place, region="", account="")] if place else []

    def parameters(self, *names: str) -> list[str]:
        """AWS writes one slash between, whether or not the name begins with one."""
        return [self.arn("ssm", f"parameter/{name.lstrip('/')}") for name in names]

    @property
    def pointers(self) -> list[str]:
        """Where the fleet's proved release is named."""
        return self.parameters(f"slackwater/{self.app.name}/{self.fleet}/proved") if self.app else []

    @property
    def profile_role(self) -> str:
        name = self.role or self.group.instance_profile
        return self.arn("iam", f"role/{name}", region="")

    @property
    def _place(self) -> tuple[str, str, str]:
        return self.store.location.removeprefix("s3://").partition("/")


def own(group: ScalingGroup) -> dict[str, dict[str, str]]:
    """Only what bears the group's mark: launch templates are named by an id that nobody knows beforehand."""
    return {"StringEquals": {"aws:ResourceTag/slackwater:managed": group.name}}


def of(service: str, operations: str | Iterable[str]) -> list[str]:
    """`of("autoscaling", "PutWarmPool DeleteWarmPool")`."""
    words = operations.split() if isinstance(operations, str) else operations
    return [f"{service}:{operation}" for operation in words]
