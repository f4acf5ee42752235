"""The reference of all settings, written from the fields themselves: `python -m slackwater.settings.reference`."""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Iterator
from textwrap import wrap

from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from slackwater.settings import _fields
from slackwater.settings._base import Settings
from slackwater.settings.app import App
from slackwater.settings.backend_tls import BackendTls
from slackwater.settings.balancer import Balancer
from slackwater.settings.cache import Cache
from slackwater.settings.checks import Checks
from slackwater.settings.connection import Ssh
from slackwater.settings.cors import Cors
from slackwater.settings.drain import Drain
from slackwater.settings.health import Health
from slackwater.settings.host import DEFAULT_STORE
from slackwater.settings.hsts import Hsts
from slackwater.settings.logs import Logs
from slackwater.settings.membership import Membership
from slackwater.settings.nginx import Nginx
from slackwater.settings.rate_limit import RateLimit
from slackwater.settings.scaling import (
    Breaker,
    Connections,
    GroupHealth,
    Hooks,
    Image,
    LaunchHook,
    Maintenance,
    Metric,
    NetworkLoadBalancer,
    Notifications,
    Policy,
    ScalingGroup,
    Schedule,
    Spot,
    TargetGroup,
    TerminateHook,
    Volume,
    WarmPool,
)
from slackwater.settings.secret import Secret
from slackwater.settings.server import Server
from slackwater.settings.sizing import MOST_WORKERS, SLOTS, SYSTEM_MB
from slackwater.settings.source import Source
from slackwater.settings.static import Static
from slackwater.settings.store import Store
from slackwater.settings.tls import Tls
from slackwater.settings.worker import Worker

WIDTH = 100
EDGE: tuple[type[Settings], ...] = (Hsts, RateLimit, Cors, BackendTls)
SCALING: tuple[type[Settings], ...] = (
    ScalingGroup,
    Volume,
    Spot,
    GroupHealth,
    Maintenance,
    Hooks,
    LaunchHook,
    TerminateHook,
    Schedule,
    WarmPool,
    Notifications,
    TargetGroup,
    NetworkLoadBalancer,
    Breaker,
    Connections,
)
TYPES: tuple[type[Settings], ...] = (
    *(App, Server, Health, Nginx, Static, Balancer, Checks),
    *EDGE,
    *(Worker, Cache, Logs, Ssh, Drain),
    *SCALING,
)
MADE_TYPES: tuple[type[Settings], ...] = (Source, Secret, Tls, Membership, Store, Image, Metric, Policy)
DIMENSIONS = 'dimensions={"AutoScalingGroupName": "shop-prod"}'
MADE = {
    "Source.directory": 'source = Source.directory("examples/shop", exclude=["docs/*"])',
    "Source.archive": f'source = Source.archive("https://example.com/a.tar.gz", sha256="{"0123456789abcdef" * 4}")',
    "Source.requirement": 'source = Source.requirement("httpbin==0.10.4")',
    "Secret.environment": 'secret = Secret.environment("SHOP_DATABASE_URL")',
    "Secret.file": 'secret = Secret.file("secrets/database-url")',
    "Secret.ssm": 'secret = Secret.ssm("/shop/prod/database-url")',
    "Secret.secrets_manager": 'secret = Secret.secrets_manager("shop/prod", key="database-url")',
    "Membership.inventory": "membership = Membership.inventory()",
    "Membership.auto_scaling": 'membership = Membership.auto_scaling("shop-prod", region="eu-central-1")',
    "Membership.dns": 'membership = Membership.dns("app.internal", port=8000)',
    "Tls.files": 'tls = Tls.files(certificate="tls/shop.pem", key=Secret.environment("SHOP_TLS_KEY"))',
    "Tls.self_signed": 'tls = Tls.self_signed(domains=["shop.test"])',
    "Tls.certbot": 'tls = Tls.certbot(email="ops@example.com", domains=["shop.example.com"])',
    "Store.directory": f'store = Store.directory("{DEFAULT_STORE}")',
    "Store.s3": 'store = Store.s3("s3://example-bucket/releases")',
    "Image.id": 'image = Image.id("ami-0123456789abcdef0")',
    "Image.ssm": 'image = Image.ssm("/aws/service/debian/release/12/latest/amd64")',
    "Metric.cpu": "metric = Metric.cpu()",
    "Metric.requests_per_target": 'metric = Metric.requests_per_target(target_group="shop-prod")',
    "Metric.custom": f'metric = Metric.custom("CWAgent", "mem_used_percent", {DIMENSIONS})',
    "Policy.defaults": "policy, other_policy = Policy.defaults()",
    "Policy.step": 'policy = Policy.step("cpu-high", Metric.cpu(), above=70, periods=5, adjustment=1, steps={90: 3})',
    "Policy.target": 'policy = Policy.target("cpu", Metric.cpu(), value=50)',
    "Policy.predictive": 'policy = Policy.predictive("forecast", Metric.cpu(), value=50, mode="ForecastAndScale")',
}
# Of two defaults that are no schedule together.
EXAMPLES: dict[str, object] = {"Schedule.cron": "30 7 * * 1-5", "Schedule.minimum": 4}
OPENING = f"""\
# Settings

Written from the settings' own fields: all values are the defaults unless a setting must be given. `App`, `Server`,
`Balancer`, `Worker`, `Cache`, `Logs`, `Ssh`, `Store`, `Drain` and `ScalingGroup` are values in files of `group_data/`;
the others stand inside an `App`, a `Balancer` or a `ScalingGroup`. A fault names file, line, field, value and what is
allowed; `slackwater lint inventories/<environment>.py` reports all of them at once and touches no host.

## Names in group data

| name | type | if it is not set |
|---|---|---|
| `app` | `App` | a host of the group `app` must have one |
| `server` | `Server` | `Server()`; used unless `App(server=…)` is set, so that one environment can change it alone |
| `balancer` | `Balancer` | `Balancer()` |
| `worker` | `Worker` | a host of the group `worker` must have one; `app`, `server` and `env_file` it takes from `app` |
| `cache` | `Cache` | a host of the group `cache` must have one |
| `logs` | `Logs` | `Logs()` |
| `connection` | `Ssh` | what the inventory says in pyinfra's own words, and ssh's defaults |
| `store` | `Store` | `Store.directory("{DEFAULT_STORE}")` |
| `drain` | `Drain` | `Drain()` |
| `scaling_group` | `ScalingGroup`, for the group `cloud` | no group: the hosts are those of the inventory |
| `environment` | `"development"`, `"staging"` or `"production"` | `"production"` |
| `fleet` | the hosts that share one proved release, by a name of their own | the `environment`'s name |
| `env_file` | a `.env` file, relative to the project | no file; its values override `App.environment` |
| `weight`, `backup` | an app host's [share of requests](balancers.md#weights-and-backups) | 100, `False` |

The later group wins, and the group named after the inventory is the last: `group_data/prod.py` beats
`group_data/app.py`. An `env_file` holds `KEY=VALUE` lines, comments, quotes and `export`; nothing in it is expanded.

## Workers from the host

`Server(workers=None)`: development 2; staging cores + 1; production by profile: `cpu` cores, `balanced` 2 * cores + 1,
`io` 4 * cores, at most {MOST_WORKERS}. Never more than memory allows: all memory less {SYSTEM_MB} MB, divided by
{SLOTS} slots and by `memory_per_worker`. At least 1.
"""


def reference() -> str:
    """The text of docs/settings.md."""
    sections = [OPENING, *(_section(kind) for kind in TYPES), *(_made(kind) for kind in MADE_TYPES)]
    return "\n".join(sections)


def _section(kind: type[Settings]) -> str:
    name = kind.__name__
    body = "\n".join(line for field, info in kind.model_fields.items() for line in _setting(name, field, info))
    return f"## {name}\n\n{inspect.getdoc(kind)}\n\n```python\n{_variable(name)} = {name}(\n{body}\n)\n```\n"


def _variable(kind: str) -> str:
    """`ScalingGroup` is `scaling_group`, as group data and the other settings name it."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", kind).lower()


def _setting(kind: str, name: str, info: FieldInfo) -> Iterator[str]:
    required = "Must be given: " if info.is_required() else ""
    allowed = _fields.allowed(info)
    text = f"{info.description} {required}{allowed if required else allowed[0].upper() + allowed[1:]}."
    yield from (f"    # {line}" for line in wrap(text, WIDTH, break_long_words=False, break_on_hyphens=False))
    example = EXAMPLES.get(f"{kind}.{name}")
    yield f"    {name}={_quoted(example) if example is not None else _code(info)},"


def _code(info: FieldInfo) -> str:
    """The default, or the example of a setting that must be given, as Python."""
    value = info.get_default(call_default_factory=True, validated_data={})
    if value is PydanticUndefined:
        value = (info.examples or [None])[0]
    return "Policy.defaults()" if value == Policy.defaults() else _quoted(value)


def _quoted(value: object) -> str:
    """As ruff formats it: double quotes, and a list for several."""
    if isinstance(value, tuple):
        return "[" + ", ".join(_quoted(item) for item in value) + "]"
    if isinstance(value, Settings):
        return _call(value)
    return f'"{value}"' if isinstance(value, str) else repr(value)


def _call(value: Settings) -> str:
    match value:
        case Membership():
            return f"Membership.{value.kind}()"
        case Source():
            return f'Source.directory("{value.path}")'
        case Secret():
            return f'Secret.environment("{value.location}")'
        case Image():
            return f'Image.id("{value.value}")'
    return f"{type(value).__name__}()"


def _made(kind: type[Settings]) -> str:
    name = kind.__name__
    blocks = [_example(kind, call) for call in MADE if call.startswith(f"{name}.")]
    return f"## {name}\n\n{inspect.getdoc(kind)}\n\n```python\n" + "\n".join(blocks) + "\n```\n"


def _example(kind: type[Settings], call: str) -> str:
    doc = inspect.getdoc(getattr(kind, call.rpartition(".")[2]))
    return f"# {doc}\n{MADE[call]}"


if __name__ == "__main__":
    sys.stdout.write(reference())
