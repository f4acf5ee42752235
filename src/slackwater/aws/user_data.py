"""User-data: what a launch template tells a new instance, so that it provisions itself. It holds no secret."""

from __future__ import annotations

import ast
import json
from typing import Any, TypeGuard

import yaml

from slackwater.aws.compressed import compressed
from slackwater.errors import SettingsError
from slackwater.resources import resource
from slackwater.settings import LaunchHook, ScalingGroup

LIMIT = 16384
"""Bytes that EC2 takes, compressed and before they are encoded."""
PLACE = "/opt/slackwater/bootstrap"
MODULES = ("__init__", "metadata", "dial", "signed", "provision", "arrival", "bootstrap")
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
Environment=PYTHONDONTWRITEBYTECODE=1
ExecStart=/usr/bin/env PYTHONPATH={PLACE} /usr/bin/python3 -P -m agents.bootstrap
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
    files = {
        "/etc/slackwater/instance.json": json.dumps(told, indent=2) + "\n",
        f"/etc/systemd/system/{UNIT}": SERVICE,
        **{f"{PLACE}/agents/{name}.py": bare(resource(f"agents/{name}.py").read_text()) for name in MODULES},
    }
    written = [{"path": path, "permissions": "0644", "content": text} for path, text in files.items()]
    commands = [["systemctl", "daemon-reload"], ["systemctl", "enable", "--now", "--no-block", UNIT]]
    whole = {"write_files": written, "runcmd": commands}
    text = HEAD + yaml.dump(whole, Dumper=_Readable, sort_keys=False, allow_unicode=True, width=LIMIT)
    if (size := len(compressed(text))) > LIMIT:
        raise SettingsError(f"group {group.name}: its user-data has {size} bytes, and EC2 takes {LIMIT}")
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
        "terminate_heartbeat": terminate and terminate.heartbeat,
        "target_groups": [target.name for target in group.target_groups],
        "hold": max((target.hold for target in group.target_groups), default=0),
        "store": store,
    }


class _Readable(yaml.SafeDumper):
    """Files stand in it line by line, so that whoever looks can read them."""

    def represent_text(self, text: str) -> yaml.Node:
        return self.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


_Readable.add_representer(str, _Readable.represent_text)


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
