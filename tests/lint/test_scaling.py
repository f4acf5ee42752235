"""Lint of a scaling group: the example is clean, and each check speaks up when the example is broken its way."""

from __future__ import annotations

import re
import textwrap
from hashlib import sha256
from pathlib import Path

import pytest

from slackwater.agents.drain.backlog import METRIC as BACKLOG_METRIC
from slackwater.agents.drain.cloud import MEMORY as MEMORY_METRIC
from slackwater.agents.drain.cloud import NAMESPACE
from slackwater.settings.scaling.metric import OWN_BACKLOG, OWN_MEMORY, OWN_NAMESPACE

from .conftest import Check
from .project import app
from .test_edge import pair

OPENING = "from slackwater import *\n\n"
INVENTORY = 'app = []\nbalancer = ["balancer-1"]\ncloud = ["@local"]\n'
MEMBERSHIP = 'Membership.auto_scaling("shop-prod", region="eu-central-1", port=8000)'
GROUP = {
    "name": '"shop-prod"',
    "region": '"eu-central-1"',
    "image": 'Image.id("ami-0123456789abcdef0")',
    "instance_types": '["t3.medium", "m6i.large"]',
    "subnets": '["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"]',
    "security_groups": '["sg-0123456789abcdef0"]',
    "instance_profile": '"shop-prod"',
}
TARGET = {"name": '"shop-prod"', "vpc": '"vpc-0123456789abcdef0"'}
INCOMPRESSIBLE = "".join(sha256(bytes([number])).hexdigest() for number in range(250))
TLS = {"tls": "Tls.self_signed()", "redirect": "True"}


HOUSE = Path(__file__).parents[2]
BLOCK = re.compile(r"```python\n# (\S+)\n(.*?)```", re.DOTALL)


def documented() -> dict[str, str | None]:
    """The files that docs/scaling.md shows."""
    return dict(BLOCK.findall((HOUSE / "docs/scaling.md").read_text()))


def uncommented() -> str:
    """group_data/cloud.py once its comments are taken away."""
    lines = (HOUSE / "group_data/cloud.py").read_text().splitlines()
    first = lines.index("# from slackwater import Connections, Image, ScalingGroup")
    return "\n".join(line.removeprefix("#").removeprefix(" ") for line in lines[first:]) + "\n"


def call(kind: str, settings: dict[str, str]) -> str:
    body = "".join(f"{name}={value},\n" for name, value in settings.items())
    return f"{kind}(\n{textwrap.indent(body, '    ')})"


def cloud(**settings: str) -> dict[str, str | None]:
    """A group alone, without hosts of the inventory; a setting of None takes the default."""
    group = call("ScalingGroup", {**GROUP, **settings})
    return {
        "inventories/prod.py": INVENTORY,
        "group_data/all.py": f'{OPENING}store = Store.s3("s3://example-bucket/shop")\n',
        "group_data/balancer.py": f"{OPENING}balancer = Balancer(membership=[{MEMBERSHIP}])\n",
        "group_data/cloud.py": f"{OPENING}scaling_group = {group}\n",
    }


def target(**settings: str) -> str:
    return f"[{call('TargetGroup', {**TARGET, **settings})}]"


def balancer(**settings: str) -> dict[str, str]:
    told = call("Balancer", {"membership": f"[{MEMBERSHIP}]", **settings})
    return {"group_data/balancer.py": f"{OPENING}balancer = {told}\n"}


def drain(deadline: int) -> dict[str, str]:
    return {"group_data/prod.py": f'{OPENING}environment = "production"\ndrain = Drain(deadline={deadline})\n'}


def policies(*told: str) -> dict[str, str | None]:
    return cloud(policies=f"[{', '.join(told)}]")


OUT = 'Policy.step("out", Metric.cpu(), above=70, adjustment=1)'
IN = 'Policy.step("in", Metric.cpu(), below=30, periods=10, adjustment=-1)'
OWN = '"Slackwater", "{}", dimensions={{"AutoScalingGroupName": "{}"}}'
MEMORY, BACKLOG = OWN.format("memory_used_percent", "shop-prod"), OWN.format("backlog_per_instance", "shop-prod")
REQUESTS = 'Policy.target("req", Metric.requests_per_target(target_group="shop-prod"), value=600)'
STATIC = f'app = ["a"]\n{INVENTORY[9:]}'
FRONT = {
    "name": '"front"',
    "vpc": '"vpc-0123456789abcdef0"',
    "subnets": '["subnet-0123456789abcdef0"]',
    "balancer_instances": '["i-0123456789abcdef0"]',
}
CLEAN: dict[str, dict[str, str | None]] = {
    "the smallest": cloud(),
    "no group yet": {"inventories/prod.py": STATIC},
    "all of it": {
        **cloud(
            instance_types='["t4g.medium", "m7g.large"]',
            hooks="Hooks(launch=LaunchHook(heartbeat=120, deadline=900), terminate=TerminateHook(heartbeat=30))",
            health='GroupHealth(kind="ELB", grace=65)',
            warm_up="125",
            spot="Spot(share=30, base=2)",
            target_groups=target(slow_start="30", health_path='"/health"'),
            policies=f"[{OUT}, {IN}, {REQUESTS}]",
            schedules='[Schedule(name="day", cron="0 7 * * 1-5", time_zone="Europe/Berlin", minimum=4, maximum=12)]',
            connections="Connections(pool=2, overflow=1, max_connections=400, reserve=40)",
            load_balancer=call("NetworkLoadBalancer", FRONT),
            breaker="Breaker()",
            tags='{"team": "shop"}',
        ),
        **balancer(**TLS),
        **drain(105),
    },
    "memory and what waits, as the instances publish them": policies(
        OUT,
        f'Policy.step("full", Metric.custom({MEMORY}), above=80, adjustment=1)',
        f'Policy.step("fuller", Metric.custom({MEMORY}, statistic="Sum"), above=120, adjustment=1)',
        f'Policy.step("empty", Metric.custom({MEMORY}), below=60, adjustment=-1)',
        f'Policy.target("backlog", Metric.custom({BACKLOG}), value=400)',
    ),
    "behind AWS alone": {
        **cloud(target_groups=target(), health='GroupHealth(kind="ELB")'),
        "inventories/prod.py": 'cloud = ["@local"]\n',
    },
    "a drain that just holds what the network load balancer still sends": {
        **cloud(target_groups=target(protocol='"TCP"')),
        **drain(225),
    },
    "behind a network load balancer, with the defaults": cloud(target_groups=target(protocol='"TCP"')),
    "watched by a unit of the operator's": {
        **cloud(breaker='Breaker(watched_by="elsewhere")', target_groups=target()),
        "inventories/prod.py": 'cloud = ["@local"]\n',
    },
    "with some that wait": cloud(warm_pool="WarmPool(minimum=1)"),
    "workers alone": {
        **cloud(groups='["worker"]'),
        "group_data/worker.py": f'{OPENING}worker = Worker(application="shop.tasks:celery")\n',
    },
    "logs in a bucket": {
        **cloud(),
        "group_data/app.py": app() + 'logs = Logs(ship_to="s3://example-bucket/logs")\n',
    },
    "its own secrets": {
        **cloud(),
        "group_data/app.py": app(secrets='{"KEY": Secret.ssm("/shop/key")}', server="Server(workers=3)"),
    },
    "one, in staging": {**cloud(minimum="1", desired="1"), "group_data/prod.py": 'environment = "staging"\n'},
}


@pytest.mark.parametrize("files", CLEAN.values(), ids=CLEAN.keys())
def test_a_right_group_is_clean(files: dict[str, str | None], check: Check) -> None:
    """No check speaks up where nothing is wrong."""
    assert [] == check(files)


BAD: list[tuple[dict[str, str | None], str, str]] = [
    ({**cloud(), "inventories/prod.py": 'app = ["a"]\n', "group_data/app.py": "GROUP"}, "scaling_group", "@local"),
    ({**cloud(), "inventories/prod.py": INVENTORY.replace("@local", "app-9")}, "cloud", 'must be ["@local"]'),
    (cloud(groups='["ap"]'), "groups", "that are deployed: app, balancer"),
    (cloud(groups='["cache"]'), "groups", "must hold app or worker: an instance is in service once its app answers"),
    ({**cloud(), "group_data/app.py": "x = 1\n"}, "groups", "app = App(…)"),
    ({**cloud(), "group_data/all.py": "x = 1\n"}, "store", "must be given with a scaling group"),
    (
        {**cloud(), "group_data/app.py": app() + 'logs = Logs(ship_to="/mnt/logs")\n'},
        "logs.ship_to",
        "a directory ends with its instance",
    ),
    (
        {**cloud(), "group_data/all.py": f'{OPENING}store = Store.directory("store")\n'},
        "store.location",
        "cannot fetch from the operator's machine",
    ),
    (
        {**cloud(), "group_data/app.py": app(secrets='{"KEY": Secret.file("key")}'), "key": "value\n"},
        "app.secrets['KEY'].location",
        "an instance resolves it by itself",
    ),
    (
        {**cloud(breaker="Breaker()", target_groups=target()), "inventories/prod.py": 'cloud = ["@local"]\n'},
        "breaker.watched_by",
        "its timer runs on hosts of the group balancer, and there is none",
    ),
    (
        {**cloud(), "group_data/all.py": f'{OPENING}store = Store.s3("s3://bucket/{INCOMPRESSIBLE}")\n'},
        "scaling_group",
        "EC2 takes 16384",
    ),
    (
        {
            **cloud(groups='["worker"]'),
            "group_data/worker.py": f'{OPENING}worker = Worker(application="shop.tasks:celery", beat=True)\n',
        },
        "worker.beat",
        "beat needs a host that stays",
    ),
    (cloud(hooks="Hooks(terminate=None)"), "hooks.terminate", "nobody waits for a drain"),
    (
        {**cloud(hooks="Hooks(terminate=TerminateHook(heartbeat=30))"), **drain(2950)},
        "hooks.terminate.heartbeat",
        "must be at least 31",
    ),
    ({**cloud(), **drain(45)}, "drain.deadline", "greater than the app's stop timeout (45 seconds)"),
    (
        {**cloud(), **drain(104)},
        "drain.deadline",
        "must be at least 105 seconds: the app's stop (45), drain.hooks (30)",
    ),
    (
        {**cloud(target_groups=target()), **drain(174)},
        "drain.deadline",
        "must be at least 175 seconds: the app's stop (45), drain.hooks (30), its other steps (30) and the 70 in which",
    ),
    (
        {**cloud(target_groups=target(protocol='"TCP"')), **drain(224)},
        "drain.deadline",
        "must be at least 225 seconds: the app's stop (45), drain.hooks (30), its other steps (30) and the 120 in",
    ),
    (cloud(spot="Spot()"), "drain.deadline", "at most 110 seconds with spot"),
    ({**cloud(spot="Spot()"), **drain(111)}, "drain.deadline", "at most 110 seconds with spot"),
    (cloud(hooks="Hooks(launch=None)"), "hooks.launch", "must be LaunchHook(…)"),
    (cloud(hooks="Hooks(launch=LaunchHook(heartbeat=119))"), "hooks.launch.heartbeat", "must be at least 120"),
    (cloud(hooks="Hooks(launch=LaunchHook(deadline=63))"), "hooks.launch.deadline", "(63 seconds)"),
    (
        cloud(target_groups=target(), health='GroupHealth(kind="ELB", grace=64)'),
        "health.grace",
        "must be at least 65 seconds",
    ),
    (cloud(warm_up="36"), "warm_up", "must be at least 37 seconds"),
    (cloud(target_groups=target(slow_start="300")), "warm_up", "must be at least 365 seconds"),
    (cloud(target_groups=target(deregistration_delay="59")), "deregistration_delay", "(60 seconds)"),
    (cloud(target_groups=target(deregistration_delay="241")), "deregistration_delay", "at most drain.deadline (240"),
    (cloud(minimum="3", maximum="3"), "maximum", "greater than minimum (3)"),
    (
        policies(f'Policy.step("out", Metric.custom({MEMORY}), above=120, adjustment=1)'),
        "policies[0].above",
        "never fires",
    ),
    (
        policies(f'Policy.step("out", Metric.custom({MEMORY.replace("prod", "test")}), above=80, adjustment=1)'),
        "metric.dimensions",
        "must be {'AutoScalingGroupName': 'shop-prod'}, as the group's instances publish it",
    ),
    (
        policies('Policy.step("out", Metric.custom("Slackwater", "memory_used_percent"), above=80, adjustment=1)'),
        "metric.dimensions",
        "as the group's instances publish it",
    ),
    (
        policies(f'Policy.step("out", Metric.custom({MEMORY.replace("used", "free")}), above=80, adjustment=1)'),
        "metric.name",
        "must be 'memory_used_percent' or 'backlog_per_instance'",
    ),
    (
        cloud(hooks='Hooks(launch=LaunchHook(default="CONTINUE"))'),
        "hooks.launch.default",
        "must be 'ABANDON': who falls silent has provisioned nothing",
    ),
    (policies('Policy.step("out", Metric.cpu(), above=100, adjustment=1)'), "policies[0].above", "never fires"),
    (policies(OUT, 'Policy.step("in", Metric.cpu(), below=0, adjustment=-1)'), "policies[1].below", "greater than 0"),
    (policies('Policy.target("hold", Metric.cpu(), value=100)'), "policies[0].value", "never grows"),
    (
        policies('Policy.step("out", Metric.cpu(), above=70, adjustment=1, steps={110: 3})'),
        "policies[0].steps",
        "between 0 and 100",
    ),
    (
        policies('Policy.step("out", Metric.cpu(), above=70, adjustment=11, adjustment_type="ExactCapacity")'),
        "policies[0].adjustment",
        "must be from 2 to 10",
    ),
    (cloud(detailed_monitoring="False"), "detailed_monitoring", "must be True for cpu-high"),
    (
        policies(OUT, 'Policy.step("in", Metric.cpu(), below=70, adjustment=-1)'),
        "policies[1].below",
        "out's above (70)",
    ),
    (policies(OUT, 'Policy.step("in", Metric.cpu(), below=50, adjustment=-1)'), "policies[1].below", "would be at 75"),
    (policies(OUT, 'Policy.target("hold", Metric.cpu(), value=50)'), "policies[0].metric", "differ from that of hold"),
    (
        cloud(schedules='[Schedule(name="day", cron="0 7 * * *", minimum=11)]'),
        "schedules[0].minimum",
        "minimum (11) at most maximum (10)",
    ),
    (
        cloud(schedules='[Schedule(name="night", cron="0 22 * * *", desired=1)]'),
        "schedules[0].desired",
        "must be from 2 to 10",
    ),
    (
        cloud(instance_types='["t3.medium"]', connections="Connections(pool=1, overflow=0, max_connections=109)"),
        "connections.max_connections",
        "must be at least 110: 2 slots * 5 workers * 1 * 10 instances + 10 in reserve",
    ),
    (
        {**cloud(instance_types='["t3.micro"]'), "group_data/app.py": app(server="Server(workers=2)")},
        "instance_types",
        "must each have 1280 MB for the system and two slots; t3.micro has 1024",
    ),
    (cloud(instance_types='["t3.medium", "m7g.large"]'), "instance_types", "m7g.large is arm64"),
    (cloud(image='Image.ssm("/aws/service/debian/release/12/latest/arm64")'), "image.value", "an image for x86_64"),
    (cloud(minimum="1"), "minimum", "must be at least 2 in production"),
    (
        {
            **cloud(minimum="1", maintenance="Maintenance(minimum_healthy=90)"),
            "group_data/prod.py": 'environment = "staging"\n',
        },
        "maintenance.minimum_healthy",
        "must be 100",
    ),
    (
        {**cloud(minimum="1", maintenance="None"), "group_data/prod.py": 'environment = "staging"\n'},
        "maintenance",
        "must be Maintenance(…)",
    ),
    (cloud(warm_pool='WarmPool(state="Hibernated")'), "warm_pool.state", "must be 'Stopped'"),
    (cloud(warm_pool="WarmPool(reuse_on_scale_in=True)"), "warm_pool.reuse_on_scale_in", "must be False"),
    (cloud(warm_pool="WarmPool()", spot="Spot(share=0)"), "warm_pool", "must be None with spot"),
    (
        {**cloud(), **balancer(membership='[Membership.auto_scaling("shop-prod", region="eu-west-1", port=8000)]')},
        "membership[0].region",
        "scaling group shop-prod (eu-central-1)",
    ),
    (
        {**cloud(), **balancer(membership='[Membership.auto_scaling("shop", region="eu-central-1", port=8000)]')},
        "membership[0].names",
        "'shop-prod' among them",
    ),
    (
        {
            **cloud(),
            **balancer(membership="[Membership.inventory()]"),
            "inventories/prod.py": f'app = ["a"]\n{INVENTORY[9:]}',
        },
        "membership",
        'Membership.auto_scaling("shop-prod", region="eu-central-1")',
    ),
    ({**cloud(), "inventories/prod.py": 'cloud = ["@local"]\n'}, "target_groups", "nobody sends requests"),
    (cloud(health='GroupHealth(kind="ELB")'), "health.kind", "must be 'EC2' without target_groups"),
    (cloud(target_groups=target(port="80")), "target_groups[0].port", "the app shop (8000)"),
    (cloud(target_groups=target(protocol='"HTTPS"')), "target_groups[0].protocol", "must be 'HTTP' or 'TCP'"),
    (cloud(target_groups=target(health_path='"/health/ready"')), "target_groups[0].health_path", "(/health)"),
    (
        cloud(target_groups=target(health_path='"/.slackwater/ready"')),
        "target_groups[0].health_path",
        "readiness asks dependencies",
    ),
    (cloud(load_balancer=call("NetworkLoadBalancer", FRONT)), "load_balancer.ports", "ports of the balancers (80)"),
]
MISPLACED = f"{app()}\nscaling_group = {call('ScalingGroup', GROUP)}\n"


@pytest.mark.parametrize(("files", "field", "allowed"), BAD, ids=[f"{field}: {said}" for _, field, said in BAD])
def test_what_is_wrong_with_a_group_is_named(
    files: dict[str, str | None], field: str, allowed: str, check: Check
) -> None:
    """One fault for one mistake, at the setting that must change."""
    told = {name: MISPLACED if text == "GROUP" else text for name, text in files.items()}

    (fault,) = check(told)

    assert fault["field"].endswith(field)
    assert allowed in fault["allowed"]


def test_what_the_guide_shows_is_clean(check: Check) -> None:
    """Who copies it has a fleet that works; the balancers are those of the inventory."""
    told = documented()
    told["inventories/prod.py"] = f'app = []\nbalancer = ["b-1"]\n{told["inventories/prod.py"]}'

    assert {"cloud", "all", "balancer"} == {Path(name).stem for name in told} - {"prod"}
    assert [] == check(told)


def test_the_example_in_the_comments_is_clean(check: Check) -> None:
    """For the shop, with its own group data beside it."""
    shop = {f"group_data/{name}.py": (HOUSE / f"group_data/{name}.py").read_text() for name in ("app", "balancer")}
    told = {**shop, **cloud(), "group_data/cloud.py": uncommented()}

    assert "ScalingGroup(" in uncommented()
    assert [] == check(told)


def test_a_tls_key_is_a_secret_too(check: Check, tmp_path: Path) -> None:
    """An instance that speaks TLS needs its key before it serves."""
    tls = 'Nginx(tls=Tls.files(certificate="shop.pem", key=Secret.file("shop.key")))'
    told = {**cloud(), **balancer(backend_tls="BackendTls()"), "group_data/app.py": app(nginx=tls)}

    (fault,) = check({**told, **pair(tmp_path)})

    assert "app.nginx.tls.key.location" == fault["field"]


def test_a_fault_of_a_default_stands_at_the_group(check: Check) -> None:
    """There is no other line that the user could change."""
    (fault,) = check(cloud(detailed_monitoring="False", policies=f"[{OUT}]"))

    assert ("group_data/cloud.py", "scaling_group.detailed_monitoring") == (fault["file"], fault["field"])


def test_an_instance_that_looks_at_itself_needs_no_cloud(check: Check) -> None:
    """What the environment says of the group is told to it, too."""
    told = {**cloud(), "inventories/prod.py": 'app = ["@local"]\n', "group_data/app.py": MISPLACED}

    assert [] == check(told)


def test_an_app_that_only_instances_run_is_checked(check: Check) -> None:
    """Nobody of the inventory runs it, and its source must still be there."""
    (fault,) = check({**cloud(), "group_data/app.py": app(source='Source.directory("nowhere")')})

    assert "app.source.path" == fault["field"]


def test_a_group_with_faults_is_told_once(check: Check) -> None:
    """What else follows from a setting that must change anyway is no help."""
    faults = check(cloud(region='"Frankfurt"', minimum="1", target_groups=target(port="0")))

    assert ["scaling_group.region", "scaling_group.target_groups[0].port"] == sorted(fault["field"] for fault in faults)


def test_lint_knows_the_metrics_that_the_agent_publishes() -> None:
    """Another name on one side, and its policies would be refused, or never fire."""
    assert (NAMESPACE, MEMORY_METRIC, BACKLOG_METRIC) == (OWN_NAMESPACE, OWN_MEMORY, OWN_BACKLOG)
