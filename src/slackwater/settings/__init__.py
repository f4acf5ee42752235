"""Typed, validated settings: what group data may say."""

from slackwater.settings._faults import Fault, collecting
from slackwater.settings.app import App
from slackwater.settings.balancer import Balancer
from slackwater.settings.health import Health
from slackwater.settings.host import HostSettings, resolve
from slackwater.settings.logs import Logs
from slackwater.settings.nginx import Nginx
from slackwater.settings.secret import Secret
from slackwater.settings.server import Interface, Server, WorkerClass
from slackwater.settings.sizing import Environment, memory_max_mb, workers
from slackwater.settings.source import Source
from slackwater.settings.static import Static
from slackwater.settings.store import Store

__all__ = [
    "App",
    "Balancer",
    "Environment",
    "Fault",
    "Health",
    "HostSettings",
    "Interface",
    "Logs",
    "Nginx",
    "Secret",
    "Server",
    "Source",
    "Static",
    "Store",
    "WorkerClass",
    "collecting",
    "memory_max_mb",
    "resolve",
    "workers",
]
