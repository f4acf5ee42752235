"""pyinfra made fast: one command asks, one command writes, nothing is asked twice."""

from slackwater.engine.facts import Machine, NginxVersion, System, Unit
from slackwater.engine.fleet import addresses, data_of, names, own_address, runs_beat, told
from slackwater.engine.memory import ask
from slackwater.engine.mode import makes_image
from slackwater.engine.operations import Service, listens, packages, refuse, services, system_user, tree, until
from slackwater.engine.order import Order, ordered
from slackwater.engine.prepared import prepared
from slackwater.engine.programs import programs
from slackwater.engine.releases import before_release, installed, proved, switched
from slackwater.engine.render import render
from slackwater.engine.scripts import LOGROTATE_DEBUG, NGINX_TEST, SYSTEMD_VERIFY
from slackwater.engine.secrets import hashed, secrets_seen
from slackwater.engine.slots import slot, user_of
from slackwater.engine.values import Absent, Directory, File, Item, Link
from slackwater.engine.vrrp import Router, router
from slackwater.engine.worker_slots import worker_slot

__all__ = [
    "LOGROTATE_DEBUG",
    "NGINX_TEST",
    "SYSTEMD_VERIFY",
    "Absent",
    "Directory",
    "File",
    "Item",
    "Link",
    "Machine",
    "NginxVersion",
    "Order",
    "Router",
    "Service",
    "System",
    "Unit",
    "addresses",
    "ask",
    "before_release",
    "data_of",
    "hashed",
    "installed",
    "listens",
    "makes_image",
    "names",
    "ordered",
    "own_address",
    "packages",
    "prepared",
    "programs",
    "proved",
    "refuse",
    "render",
    "router",
    "runs_beat",
    "secrets_seen",
    "services",
    "slot",
    "switched",
    "system_user",
    "told",
    "tree",
    "until",
    "user_of",
    "worker_slot",
]
