"""Typed, validated settings: what group data may say."""

from slackwater.settings._faults import Fault, collecting
from slackwater.settings.app import App
from slackwater.settings.backend_tls import BackendTls
from slackwater.settings.balancer import Balancer
from slackwater.settings.cache import Cache
from slackwater.settings.checks import Checks
from slackwater.settings.connection import Ssh
from slackwater.settings.cors import Cors
from slackwater.settings.drain import Drain
from slackwater.settings.health import Health
from slackwater.settings.host import HostSettings, WithApp, resolve
from slackwater.settings.hsts import Hsts
from slackwater.settings.logs import Logs
from slackwater.settings.members import Backend, backends, is_address, members_json, upstreams_json
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
from slackwater.settings.server import Interface, Server, WorkerClass
from slackwater.settings.sizing import Environment, memory_max_mb, slot_mb, workers
from slackwater.settings.source import Source
from slackwater.settings.static import Static
from slackwater.settings.store import Store
from slackwater.settings.tls import Tls
from slackwater.settings.worker import Worker

__all__ = [
    "App",
    "Backend",
    "BackendTls",
    "Balancer",
    "Breaker",
    "Cache",
    "Checks",
    "Connections",
    "Cors",
    "Drain",
    "Environment",
    "Fault",
    "GroupHealth",
    "Health",
    "Hooks",
    "HostSettings",
    "Hsts",
    "Image",
    "Interface",
    "LaunchHook",
    "Logs",
    "Maintenance",
    "Membership",
    "Metric",
    "NetworkLoadBalancer",
    "Nginx",
    "Notifications",
    "Policy",
    "RateLimit",
    "ScalingGroup",
    "Schedule",
    "Secret",
    "Server",
    "Source",
    "Spot",
    "Ssh",
    "Static",
    "Store",
    "TargetGroup",
    "TerminateHook",
    "Tls",
    "Volume",
    "WarmPool",
    "WithApp",
    "Worker",
    "WorkerClass",
    "backends",
    "collecting",
    "is_address",
    "members_json",
    "memory_max_mb",
    "resolve",
    "slot_mb",
    "upstreams_json",
    "workers",
]
