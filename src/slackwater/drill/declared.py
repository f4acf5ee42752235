"""What the operator of a drill declares: a shop, its group in the lab's cloud, and a balancer that follows it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from slackwater.lab.cloud import Endpoint, Ground

GROUP, FLEET = "shop-drill", "drill"
WARM_UP = 40
"""Seconds that a new instance counts as one to come; the balancer gives it its full share within 37."""
LEDGER = "/var/lib/slackwater/shop/ledger"
"""On each instance: the app writes the id of every POST that it begins, a line each."""
OPENING = '"""Written by a drill."""\n\nfrom slackwater import *\n\n'
ALL = """from slackwater.engine.transport import SSH

store = Store.s3({store!r})
fleet = {fleet!r}
drain = Drain(requests=25)
ssh_paramiko_connect_kwargs = SSH
"""
"""Requests of a drill take 20 s at most; WebSockets are sent elsewhere after 25."""
APP = """app = App(
    name="shop",
    interface="asgi",
    entrypoint="shop.main:app",
    source=Source.directory("examples/shop"),
    environment={{"LEDGER": {ledger!r}}},
    health=Health(live="/health", ready="/health/ready"),
)
server = Server(workers=2)
"""
CLOUD = """scaling_group = ScalingGroup(
    name={group!r},
    region={region!r},
    image=Image.id({ground.image!r}),
    instance_types=["t3.small"],
    subnets={ground.subnets!r},
    security_groups=[{ground.security_group!r}],
    instance_profile={ground.instance_profile!r},
    minimum={minimum},
    maximum={maximum},
    desired={desired},
    wheels=True,
    warm_up={warm_up},
    policies=[
        Policy.step("high", Metric.custom("Drill", "load"), above=70, periods=1, adjustment={step}),
        Policy.step("low", Metric.custom("Drill", "load"), below=30, periods=1, adjustment=-{step}),
    ],
    endpoint={endpoint!r},
)
"""
DRILL = """environment = "staging"
balancer = Balancer(
    tls=Tls.self_signed(domains=["shop.test"]),
    membership=[Membership.auto_scaling({group!r}, region={region!r}, port=8000, endpoint={endpoint!r})],
)
"""
INVENTORY = """from slackwater.inventory import scaling_group_hosts as _scaling_group_hosts

_found = _scaling_group_hosts(
    {group!r}, environment="drill", region={region!r}, endpoint={endpoint!r}, data={login!r}
)
app, worker = _found["app"], _found["worker"]
balancer = [("balancer-1", {balancer!r})]
cloud = [("@local", {{"_sudo": False}})]
"""


def files(cloud: Endpoint, ground: Ground, balancer: Mapping[str, Any], sizes: Mapping[str, int]) -> dict[str, str]:
    """By their path in the project; `balancer` is its data in the inventory, and how instances are logged in to."""
    login = {key: value for key, value in balancer.items() if key not in {"ssh_hostname", "address"}}
    values: dict[str, Any] = {"group": GROUP, "fleet": FLEET, "ledger": LEDGER, "warm_up": WARM_UP, **sizes}
    values |= {"region": cloud.region, "endpoint": cloud.url, "store": f"s3://{ground.bucket}/fleet"}
    values |= {"balancer": dict(balancer), "login": login, "ground": ground}
    told = {"all": ALL, "app": APP, "cloud": CLOUD, "drill": DRILL}
    texts = {f"group_data/{name}.py": OPENING + text.format(**values) for name, text in told.items()}
    return {**texts, "inventories/drill.py": INVENTORY.format(**values)}
