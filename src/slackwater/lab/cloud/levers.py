"""What a test makes happen in the lab's cloud."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from slackwater.lab.cloud.clock import Clock
from slackwater.lab.cloud.moto import LOCK, Moto
from slackwater.lab.cloud.region import Region
from slackwater.lab.cloud.scaling.wishes import CAPACITY
from slackwater.lab.cloud.spot import NOTICE
from slackwater.lab.metadata import Instance

TRUST = (
    '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole",'
    ' "Principal": {"Service": "ec2.amazonaws.com"}}]}'
)


@dataclass(frozen=True)
class Ground:
    """What a group stands on: it is there before the library comes."""

    vpc: str
    subnets: tuple[str, ...]
    security_group: str
    image: str
    instance_profile: str
    key_pair: str
    topic: str
    bucket: str


class Levers:
    """Each acts under the cloud's lock, as a request does."""

    def __init__(self, moto: Moto, region: Region) -> None:
        self._moto, self._region = moto, region

    def ground(self, name: str = "lab") -> Ground:
        """A network of two zones, an image, an instance profile, a key, a topic and a bucket."""
        ec2, iam = self._moto.client("ec2", self._region.name), self._moto.client("iam", self._region.name)
        with LOCK:
            vpc = ec2.describe_vpcs(Filters=[{"Name": "is-default", "Values": ["true"]}])["Vpcs"][0]["VpcId"]
            found = ec2.describe_subnets(Filters=[{"Name": "vpc-id", "Values": [vpc]}])["Subnets"]
            guard = ec2.create_security_group(GroupName=name, Description=name, VpcId=vpc)["GroupId"]
            image = self._region.images.register_image({"Name": name, "RootDeviceName": "/dev/xvda"})["ImageId"]
            iam.create_role(RoleName=name, AssumeRolePolicyDocument=TRUST)
            iam.create_instance_profile(InstanceProfileName=name)
            iam.add_role_to_instance_profile(InstanceProfileName=name, RoleName=name)
            ec2.create_key_pair(KeyName=name)
            topic = self._moto.client("sns", self._region.name).create_topic(Name=name)["TopicArn"]
            bucket = f"{name}-{self._region.account}"
            place = {"LocationConstraint": self._region.name}
            self._moto.client("s3", self._region.name).create_bucket(Bucket=bucket, CreateBucketConfiguration=place)
        subnets = tuple(each["SubnetId"] for each in found[:2])
        return Ground(vpc, subnets, guard, image, name, name, topic, bucket)

    def fail_launches(self, group: str, times: int, reason: str = CAPACITY) -> None:
        """EC2 refuses the next launches of the group: Failed activities, no instances."""
        with LOCK:
            self._region.engine.wishes.refuse(group, times, reason)

    def abandon_launches(self, group: str, times: int) -> None:
        """The next instances of the group come up and are abandoned: Cancelled activities, terminated instances."""
        with LOCK:
            self._region.engine.wishes.abandon(group, times)

    def retry(self, group: str) -> None:
        """The group tries at once what AWS would try after a while: a launch that was refused or abandoned."""
        with LOCK:
            self._region.engine.reconcile(self._region.books.group(group))

    def never_healthy(self, version: str) -> None:
        """Instances of this template version, VERSION or TEMPLATE:VERSION, are Unhealthy when they come up."""
        with LOCK:
            self._region.engine.wishes.sicken(version)

    def healthy_again(self, version: str) -> None:
        with LOCK:
            self._region.engine.wishes.heal(version)

    def advance(self, group: str) -> None:
        """One step of the group's instance refresh, as each describe of it does."""
        with LOCK:
            self._region.refreshes.step(self._region.books.group(group))

    def target_health(self, arn: str, instance: str, state: str, reason: str | None = None) -> None:
        """What the target group's health check sees from now on: initial, healthy or unhealthy."""
        with LOCK:
            self._region.targets.say(arn, instance, state, reason)

    def image_state(self, image: str, state: str) -> None:
        """What EC2 says of the image from now on: available, pending, failed or disabled."""
        with LOCK:
            self._region.images.say(image, state)

    def turn(self, seconds: float) -> None:
        """The cloud's `Clock` goes on, and what is due then happens. Raises TypeError where the clock is another."""
        with LOCK:
            clock = self._region.engine.clock
            if not isinstance(clock, Clock):
                raise TypeError("only a cloud with a clock of its own can be turned: cloud(clock=Clock())")
            clock.turn(seconds)
            self._region.tick()

    @property
    def now(self) -> datetime:
        """The time of day by the cloud's clock: what metrics are put with."""
        return self._region.times.moment()

    def tick(self) -> None:
        """What time does, by the cloud's clock: waits run out, refused launches are tried again."""
        with LOCK:
            self._region.tick()

    def actions(self, group: str) -> list[dict[str, str]]:
        """The outstanding lifecycle actions: `instance`, `hook`, `token`."""
        with LOCK:
            return [
                {"instance": member.id, "hook": name, "token": action.token}
                for member in self._region.books.group(group).everyone()
                for name, action in member.actions.items()
            ]

    def crash(self, instance: str) -> None:
        """Its plug is pulled: the machine is off, and EC2 finds out. Raises AwsError for an unknown instance."""
        with LOCK:
            self._region.registry.view(instance)
            self._region.registry.machines.crash(instance)

    def interrupt(self, instance: str, action: str = "terminate", seconds: float = NOTICE) -> None:
        """A spot interruption: the notice now, the end after `seconds`. Raises AwsError for an unknown instance."""
        with LOCK:
            self._region.spot.interrupt(instance, action, seconds)

    def recommend_rebalance(self, instance: str) -> None:
        """EC2 thinks that the instance will soon be interrupted."""
        with LOCK:
            self._region.spot.recommend_rebalance(instance)

    def metadata(self, instance: str) -> Instance:
        """What it reads at 169.254.169.254; what a test sets in it is read from then on."""
        with LOCK:
            return self._region.registry.view(instance)

    def admit(self, guest: Instance) -> None:
        """A machine beside the cloud's own reads this of itself, credentials too: a balancer that follows a group."""
        with LOCK:
            self._region.registry.guests.append(guest)

    def members(self, group: str) -> dict[str, str]:
        """The lifecycle state of each instance of the group; none where there is no such group (yet)."""
        with LOCK:
            found = self._region.books.groups.get(group)
            return {member.id: member.state for member in found.everyone()} if found else {}

    def put_in(self, instance: str, state: str) -> None:
        """The group tells this lifecycle state of its instance, however it came to it."""
        with LOCK:
            _, member = self._region.books.member(instance)
            self._region.engine.move(member, state)

    @property
    def states(self) -> list[tuple[str, str]]:
        """(instance, lifecycle state), in the order in which they were reached."""
        return list(self._region.engine.log)

    @property
    def ended_waits(self) -> list[tuple[str, str, str]]:
        """(instance, result, why) of each lifecycle action that was ended: its own word, its timeout, its hook gone."""
        return list(self._region.engine.waits.ended)
