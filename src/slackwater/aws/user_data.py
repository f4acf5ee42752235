"""User-data: what a launch template tells a new instance, so that it provisions itself. It holds no secret."""

from __future__ import annotations

import ast
import base64
import gzip
import io
import json
import tarfile
from typing import Any, TypeGuard

import yaml

from slackwater.errors import SettingsError
from slackwater.resources import resource
from slackwater.settings import LaunchHook, ScalingGroup

LIMIT = 16384
"""Bytes that EC2 takes, before they are encoded."""
PLACE = "/opt/slackwater/bootstrap"
MODULES = ("__init__", "signed", "provision", "arrival", "bootstrap")
UNIT = "slackwater-bootstrap.service"
HEAD = f"""#cloud-config
# This instance provisions itself: `journalctl -u {UNIT}` says how far it is.
"""
SERVICE = f"""[Unit]
Description=Slackwater: this instance provisions itself
Wants=network-online.target
After=network-online.target

[Service]
Type=exec
EnvironmentFile=-/etc/environment
Environment=PYTHONPATH={PLACE} PYTHONDONTWRITEBYTECODE=1
ExecStartPre=/usr/bin/tar -xf {PLACE}.tar -C {PLACE} --no-same-owner
ExecStart=/usr/bin/python3 -P -m agents.bootstrap
# Killed for memory it goes on where it was; what it gave up itself stays given up.
Restart=on-abnormal
RestartSec=5

[Install]
WantedBy=multi-user.target
"""


def user_data(
    group: ScalingGroup,
    *,
    bundle_url: str,
    bundle_sha256: str,
    environment: str,
    store: str,
    endpoint: str | None = None,
) -> str:
    """The cloud-config of the group's launch template. `store` is s3://bucket/prefix, `endpoint` as instances see it.

    Raises SettingsError when it would be more than EC2 takes.
    """
    bundle = {"url": bundle_url, "sha256": bundle_sha256}
    told = {**_instance(group, environment, store), "bundle": bundle, "endpoint": endpoint or group.endpoint}
    files = [
        {"path": "/etc/slackwater/instance.json", "content": json.dumps(told, indent=2) + "\n"},
        {"path": f"{PLACE}.tar", "encoding": "gz+b64", "content": _program()},
        {"path": f"/etc/systemd/system/{UNIT}", "content": SERVICE},
    ]
    enable = ["systemctl", "enable", "--now", "--no-block", UNIT]
    commands = [["mkdir", "-p", PLACE], ["systemctl", "daemon-reload"], enable]
    whole = {"write_files": [{**each, "permissions": "0644"} for each in files], "runcmd": commands}
    text = HEAD + yaml.safe_dump(whole, sort_keys=False, width=LIMIT)
    if len(text.encode()) > LIMIT:
        raise SettingsError(f"group {group.name}: its user-data has {len(text.encode())} bytes, and EC2 takes {LIMIT}")
    return text


def _instance(group: ScalingGroup, environment: str, store: str) -> dict[str, Any]:
    """A hook that is None is not waited for; the times are then those that a hook has by itself."""
    launch, terminate = group.hooks.launch, group.hooks.terminate
    times = launch or LaunchHook()
    return {
        "environment": environment,
        "groups": list(group.groups),
        "region": group.region,
        "group": group.name,
        "launch_hook": launch and launch.name,
        "terminate_hook": terminate and terminate.name,
        "deadline": times.deadline,
        "heartbeat": times.heartbeat,
        "store": store,
    }


def _program() -> str:
    """The bootstrap's modules as one archive, which takes half the room of five."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for name in MODULES:
            content = bare(resource(f"agents/{name}.py").read_text()).encode()
            info = tarfile.TarInfo(f"agents/{name}.py")
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return base64.b64encode(gzip.compress(packed.getvalue(), mtime=0)).decode()


def bare(code: str) -> str:
    """Without docstrings and lines of comment: they are a third of the room that there is."""
    nodes = list(ast.walk(ast.parse(code)))
    gone = {number for node in nodes if _is_text(node) for number in range(node.lineno, (node.end_lineno or 0) + 1)}
    kept = {node.body[0].lineno: node for node in nodes if isinstance(node, ast.ClassDef) and len(node.body) == 1}
    lines = enumerate(code.splitlines(keepends=True), 1)
    return "".join(
        f"{' ' * (kept[number].col_offset + 4)}pass\n" if number in kept and number in gone else line
        for number, line in lines
        if (number in kept or number not in gone) and line.strip(" \n")[:1] not in {"", "#"}
    )


def _is_text(node: ast.AST) -> TypeGuard[ast.Expr]:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
