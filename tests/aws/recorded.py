"""What each role really calls in the lab's cloud, with the resource that IAM would look at."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from slackwater.agents import arrival, signed
from slackwater.agents.breaker.look import aws_client, look
from slackwater.agents.breaker.mark import Mark
from slackwater.agents.breaker.mark import State as Breaking
from slackwater.agents.drain import told as drained
from slackwater.agents.drain.around import Surroundings
from slackwater.agents.drain.cloud import Cloud
from slackwater.agents.drain.leave import Leave, State
from slackwater.agents.drain.orders import Orders
from slackwater.agents.drain.seen import Gate
from slackwater.agents.slots import resolve
from slackwater.agents.upstreams.configuration import AutoScaling
from slackwater.agents.upstreams.membership.auto_scaling import Groups
from slackwater.aws.apply import apply
from slackwater.aws.breaker import watch_of
from slackwater.aws.bundle_object import BundleObject
from slackwater.aws.delete import plan_delete
from slackwater.aws.permissions import Subject
from slackwater.aws.plan import Declared, plan
from slackwater.aws.refresh.plan import Options
from slackwater.aws.refresh.progress import Progress
from slackwater.aws.refresh.refreshing import Refreshing
from slackwater.aws.world import observe
from slackwater.inventory.reading import read
from slackwater.lab.metadata import Instance, listening, serving
from slackwater.release._pointers import ParameterPointers
from slackwater.release.store import S3Files
from slackwater.settings import (
    App,
    Breaker,
    Hooks,
    Image,
    LaunchHook,
    NetworkLoadBalancer,
    Notifications,
    Policy,
    ScalingGroup,
    Schedule,
    Secret,
    Source,
    Store,
    TargetGroup,
    WarmPool,
)
from tests.agents.drain.usual import usual
from tests.aws.resources import Lab

SERVICES = ("autoscaling", "ec2", "elbv2", "cloudwatch", "s3", "ssm", "resourcegroupstaggingapi")
Request = tuple[str, str, str]
"""Service and operation as boto3 and AWS spell them, and the resource's ARN, `*`, or nothing where it is not known."""
NAME, ENVIRONMENT, FLEET = "tide", "prod", "production"
IMAGE = "/images/tide"
TAGS = {"team": "web"}
ALWAYS, NEVER = 1000, 0
LARGE = 9 * 1024 * 1024
"""Bytes: what boto3 uploads in parts."""


def subject(lab: Lab, group: ScalingGroup) -> Subject:
    secrets = {"DATABASE": Secret.ssm("/shop/database"), "MAIL": Secret.secrets_manager("shop/mail")}
    app = App(name="shop", entrypoint="shop:app", source=Source.directory("examples/shop"), secrets=secrets)
    store = Store.s3(f"s3://{lab.ground.bucket}/store")
    return Subject(group, store, app, FLEET, ENVIRONMENT, account=lab.endpoint.account)


def everything(lab: Lab, **told: Any) -> ScalingGroup:
    """With each resource that a group can have."""
    balancers = lab.client("ec2").run_instances(ImageId=lab.ground.image, MinCount=2, MaxCount=2)["Instances"]
    lab.client("ssm").put_parameter(Name=IMAGE, Value=lab.ground.image, Type="String", Overwrite=True)
    front = NetworkLoadBalancer(
        name="tide-front",
        vpc=lab.ground.vpc,
        subnets=lab.ground.subnets,
        security_groups=[lab.ground.security_group],
        balancer_instances=[one["InstanceId"] for one in balancers],
    )
    full = {
        "name": NAME,
        "image": Image.ssm(IMAGE),
        "policies": Policy.defaults(),
        "schedules": [Schedule(name="morning", cron="0 7 * * *", minimum=2)],
        "target_groups": [TargetGroup(name=name, vpc=lab.ground.vpc) for name in ("tide-web", "tide-next")],
        "warm_pool": WarmPool(minimum=1),
        "notifications": Notifications(topic_arn=lab.ground.topic),
        "load_balancer": front,
        "key_pair": lab.ground.key_pair,
        "tags": TAGS,
        "breaker": Breaker(),
    }
    return lab.declare(**full | told)


def fewer(lab: Lab, full: ScalingGroup) -> ScalingGroup:
    """Everything is changed or taken out once."""
    front = full.load_balancer
    assert front is not None
    (other,) = lab.client("ec2").run_instances(ImageId=lab.ground.image, MinCount=1, MaxCount=1)["Instances"]
    subnets = lab.client("ec2").describe_subnets(Filters=[{"Name": "vpc-id", "Values": [front.vpc]}])["Subnets"]
    others = [subnet["SubnetId"] for subnet in subnets if subnet["SubnetId"] not in front.subnets]
    guard = lab.client("ec2").create_security_group(GroupName="other", Description="other", VpcId=front.vpc)
    other_front = NetworkLoadBalancer(
        name=front.name,
        vpc=front.vpc,
        subnets=[front.subnets[0], others[0]],
        security_groups=[guard["GroupId"]],
        balancer_instances=[front.balancer_instances[0], other["InstanceId"]],
        ports=[80],
        cross_zone=False,
    )
    return lab.declare(
        name=NAME,
        image=Image.ssm(IMAGE),
        policies=[],
        maximum=7,
        tags=TAGS,
        hooks=Hooks(launch=LaunchHook(heartbeat=120)),
        target_groups=[TargetGroup(name="tide-web", vpc=front.vpc, slow_start=60, health_path="/alive")],
        load_balancer=other_front,
    )


@contextmanager
def listened(lab: Lab) -> Iterator[list[Request]]:
    """Every request of the library's own clients."""
    heard: list[Request] = []

    def hear(params: Mapping[str, Any], model: Any, **_: Any) -> None:
        service = model.service_model.service_name
        heard.extend((service, model.name, each) for each in resources(lab, service, model.name, params))

    events = [lab.clients.service(name).meta.events for name in SERVICES]
    for each in events:
        each.register("provide-client-params", hear)
    yield heard
    for each in events:
        each.unregister("provide-client-params", hear)


def operator(lab: Lab, tmp_path: Path) -> list[Request]:
    """Plans and applies, changes or takes out everything once, refreshes, deletes, reads members, releases."""
    full = everything(lab)
    less = fewer(lab, full)
    with listened(lab) as heard:
        converge(lab, full, bundle(lab, tmp_path))
        meddle(lab, less)
        trip(lab)
        converge(lab, less, None)
        converge(lab, full, None)
        refresh(lab, full)
        lab.client("autoscaling").suspend_processes(AutoScalingGroupName=NAME, ScalingProcesses=["Terminate"])
        apply(plan_delete(full, observe(lab.clients, full, None)), lab.clients, lambda _: None, lambda _: None)
    other = lab.make(lab.declare())
    scaling = aws_client(lab.endpoint.region, lab.endpoint.url)
    return [
        *heard,
        *called(lab, lambda: read([NAME], lab.endpoint.region)),
        *called(lab, lambda: look(scaling, other.name, datetime.now(UTC))),
        *called(lab, lambda: release(lab, tmp_path)),
    ]


def converge(lab: Lab, group: ScalingGroup, there: BundleObject | None) -> None:
    declared = Declared(group, "#cloud-config\n", bundle=there)
    apply(plan(declared, observe(lab.clients, group, there)).calls, lab.clients, lambda _: None, lambda _: None)


def refresh(lab: Lab, group: ScalingGroup) -> None:
    """One to its end; another, which somebody began in AWS's console, is taken back."""
    ours = Refreshing(group, lab.clients, Progress(lambda *_: None), every=0, sleep=lambda _: None)
    ours.run(Options(replace_all=True), ())
    lab.client("autoscaling").start_instance_refresh(AutoScalingGroupName=group.name)
    ours.go_back()


def bundle(lab: Lab, tmp_path: Path) -> BundleObject:
    path = tmp_path / "bundle.tar.gz"
    path.write_bytes(b"bundle")
    found = hashlib.sha256(b"bundle").hexdigest()
    return BundleObject(lab.ground.bucket, f"store/bundles/{ENVIRONMENT}/{found}.tar.gz", path, found)


def meddle(lab: Lab, group: ScalingGroup) -> None:
    """What only somebody else's hand does: a hook too many, a listener that forwards elsewhere, tags away."""
    front = group.load_balancer
    assert front is not None
    elb = lab.client("elbv2")
    balancer = elb.describe_load_balancers(Names=[front.name])["LoadBalancers"][0]["LoadBalancerArn"]
    listeners = elb.describe_listeners(LoadBalancerArn=balancer)["Listeners"]
    ports = {listener["Port"]: listener for listener in listeners}
    elb.modify_listener(ListenerArn=ports[80]["ListenerArn"], DefaultActions=ports[443]["DefaultActions"])
    tag = {"ResourceId": NAME, "ResourceType": "auto-scaling-group", "Key": "team"}
    lab.client("autoscaling").delete_tags(Tags=[tag])
    elb.remove_tags(ResourceArns=[balancer], TagKeys=["team"])
    lab.client("autoscaling").put_lifecycle_hook(
        AutoScalingGroupName=NAME, LifecycleHookName="other", LifecycleTransition="autoscaling:EC2_INSTANCE_LAUNCHING"
    )


def trip(lab: Lab) -> None:
    """As the breaker leaves it, which the next declaration does not have."""
    now = datetime.now(UTC)
    mark = Mark(Breaking.OPEN, now, "balancer-1", "no capacity", now)
    place = {"ResourceId": NAME, "ResourceType": "auto-scaling-group", "PropagateAtLaunch": False}
    tags = [{**place, "Key": key, "Value": value} for key, value in mark.tags().items()]
    lab.client("autoscaling").create_or_update_tags(Tags=tags)
    lab.client("autoscaling").suspend_processes(AutoScalingGroupName=NAME, ScalingProcesses=["Launch"])


def release(lab: Lab, tmp_path: Path) -> None:
    """What building, proving and changing a fleet asks of the store and of the pointers."""
    files = S3Files(f"s3://{lab.ground.bucket}/store")
    large = tmp_path / "large"
    large.write_bytes(bytes(LARGE))
    files.upload(large, "shop/large.tar.gz")
    files.create("shop/1.json", b"1")
    files.replace("shop/1.json", b"1", b"2")
    files.create("shop/1.json", b"3")
    files.keys("shop/")
    files.download("shop/large.tar.gz", tmp_path / "fetched")
    files.remove("shop/1.json")
    pointers = ParameterPointers()
    pointers.write("shop", FLEET, b"1")
    pointers.read("shop", FLEET)
    pointers.fleets("shop")


def balancer(lab: Lab) -> list[Request]:
    """Looks for the members of the group."""
    group = lab.make(lab.declare())
    lab.client("autoscaling").set_desired_capacity(AutoScalingGroupName=group.name, DesiredCapacity=1)
    return called(lab, Groups(AutoScaling((group.name,), 8000, lab.endpoint.region)).read)


def watch(lab: Lab) -> list[Request]:
    """A launch fails, launches are suspended and tried again, and one succeeds."""
    group = lab.make(lab.declare(breaker=Breaker(failures=1)))
    watching = watch_of(group, lambda _: None)
    # The lab tries again within a second: one failure alone would be followed by a success before a slow look.
    lab.endpoint.cloud.fail_launches(group.name, ALWAYS)
    lab.client("autoscaling").set_desired_capacity(AutoScalingGroupName=group.name, DesiredCapacity=1)
    requests = called(lab, watching.look)
    lab.endpoint.cloud.fail_launches(group.name, NEVER)
    requests += called(lab, lambda: watching.look(lift_now=True))
    lab.endpoint.cloud.retry(group.name)
    return [*requests, *called(lab, watching.look)]


def instance(lab: Lab, about: Subject) -> list[Request]:
    """Fetches, beats, reports, tells the group, resolves its secrets, and leaves."""
    name, place = about.group.name, f"s3://{lab.ground.bucket}/store"
    lab.client("s3").put_object(Bucket=lab.ground.bucket, Key=f"store/bundles/{ENVIRONMENT}/1.tar.gz", Body=b"1")
    lab.client("ssm").put_parameter(Name=f"/slackwater/shop/{FLEET}/proved", Value="1", Type="String", Overwrite=True)
    lab.client("ssm").put_parameter(Name="/shop/database", Value="1", Type="SecureString", Overwrite=True)
    lab.client("secretsmanager").create_secret(Name="shop/mail", SecretString="1")
    serve(lab, about)
    told = {"group": name, "launch_hook": "slackwater-launch", "store": place, "environment": ENVIRONMENT}
    reported = {**told, "bundle": {"sha256": "1"}}

    def boot() -> None:
        aws = signed.Aws(signed.Metadata(), lab.endpoint.region, lab.endpoint.url, deadline=0)
        aws.object(f"{place}/bundles/{ENVIRONMENT}/1.tar.gz")
        aws.parameter(f"/slackwater/shop/{FLEET}/proved")
        with suppress(signed.RefusedError):
            aws.scaling("RecordLifecycleActionHeartbeat", **arrival.action(told, "i-1"))
        arrival.give_up(aws, reported, arrival.End("i-1", "proof", "not ready", "1", {}, []))
        leave(lab, about)
        resolve.resolve({key: one.reference() for key, one in about.app.secrets.items()} if about.app else {})

    me = Instance("i-1", "127.0.0.1", region=lab.endpoint.region)
    with serving(listening(), lambda _: me) as service, pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", service.url)
        return called(lab, boot)


def serve(lab: Lab, about: Subject) -> None:
    """In each of the group's target groups, which load balancers use."""
    elb = lab.client("elbv2")
    for target in about.group.target_groups:
        asked = {"Name": target.name, "Protocol": "HTTP", "Port": 8000, "VpcId": lab.ground.vpc}
        arn = elb.create_target_group(**asked)["TargetGroups"][0]["TargetGroupArn"]
        made = elb.create_load_balancer(Name=f"{target.name}-front", Subnets=list(lab.ground.subnets))
        front = made["LoadBalancers"][0]["LoadBalancerArn"]
        action = {"Type": "forward", "TargetGroupArn": arn}
        elb.create_listener(LoadBalancerArn=front, Protocol="HTTP", Port=80, DefaultActions=[action])
        elb.register_targets(TargetGroupArn=arn, Targets=[{"Id": "i-1"}])


def leave(lab: Lab, about: Subject) -> None:
    """Publishes its memory while it serves; beats, leaves its target groups, is registered again, has its last word."""
    told = about.group
    names = tuple(target.name for target in told.target_groups)
    group = drained.Group(told.name, told.region, "slackwater-terminate", lab.endpoint.url, names)
    aws = signed.Aws(signed.Metadata(), lab.endpoint.region, lab.endpoint.url, float("inf"), new_role=0.0)
    around = Surroundings(time.time, "boot", lambda _: None)
    agent = Cloud(aws, "i-1", group, usual(), around)
    agent.told(Leave(), Orders())
    agent.look()
    agent.told(Leave(State.DRAINING), Orders(Gate.CLOSED, away=True, beat=True, complete=True))
    agent.look()
    remembered = Leave(State.DRAINING, groups=tuple(agent.targets.own))
    agent.targets.leave(remembered)
    agent.targets.come_back(remembered.groups)


def called(lab: Lab, run: Callable[[], object]) -> list[Request]:
    """What came in meanwhile; of requests that are not made by our clients only the operation is known."""
    before = len(lab.endpoint.calls)
    run()
    return [(service, operation, "") for service, operation in lab.endpoint.calls[before:]]


def resources(lab: Lab, service: str, operation: str, params: Mapping[str, Any]) -> Sequence[str]:
    """As AWS's service authorization reference names them for that operation."""
    if operation.startswith(("Describe", "GetResources")):
        return ["*"]
    place = f"arn:aws:{service}:{lab.endpoint.region}:{lab.endpoint.account}"
    match service:
        case "autoscaling":
            name = params.get("AutoScalingGroupName") or params["Tags"][0]["ResourceId"]
            return [f"{place}:autoScalingGroup:0:autoScalingGroupName/{name}"]
        case "cloudwatch":
            return [f"{place}:alarm:{name}" for name in params.get("AlarmNames") or [params["AlarmName"]]]
        case "ec2":
            return [f"{place}:launch-template/lt-0"]
        case "s3":
            return [f"arn:aws:s3:::{params['Bucket']}/{params['Key']}"]
        case "ssm":
            return [f"{place}:parameter{params['Name']}"]
    return _balancing(place.replace("elbv2", "elasticloadbalancing"), operation, params)


def _balancing(place: str, operation: str, params: Mapping[str, Any]) -> Sequence[str]:
    if operation == "CreateTargetGroup":
        return [f"{place}:targetgroup/{params['Name']}/0"]
    if operation == "CreateLoadBalancer":
        return [f"{place}:loadbalancer/net/{params['Name']}/0"]
    keys = ("ListenerArn", "TargetGroupArn", "LoadBalancerArn")
    named = params.get("ResourceArns") or [next(params[key] for key in keys if key in params)]
    # The lab names every load balancer as AWS names an application's.
    return [each.replace("/app/tide-front", "/net/tide-front") for each in named]
