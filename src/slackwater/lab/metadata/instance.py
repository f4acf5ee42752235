"""What one instance reads of itself: the tree of EC2's metadata, as plain values that a test or a cloud may set."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

Tree = dict[str, Any]
VERSIONS = ("latest", "2021-03-23", "2018-09-24", "2016-09-02", "2009-04-04")
"""cloud-init asks for dated ones."""
HARDWARE = "02:00:00:00:00:01"
SOON, LATER = "2026-01-01T00:00:00Z", "2099-01-01T00:00:00Z"


@dataclass
class Role:
    """Credentials as the metadata service hands them out; those of the lab open nothing."""

    name: str = "slackwater-lab"
    access_key: str = "ASIALAB"
    secret_key: str = "lab"  # noqa: S105 - opens nothing
    token: str = "lab"  # noqa: S105 - opens nothing

    def document(self) -> str:
        said = {
            "Code": "Success",
            "Type": "AWS-HMAC",
            "LastUpdated": SOON,
            "AccessKeyId": self.access_key,
            "SecretAccessKey": self.secret_key,
            "Token": self.token,
            "Expiration": LATER,
        }
        return json.dumps(said, indent=2)


@dataclass
class Instance:
    """None answers 404. `target` is the state it is on its way to, in AWS's words.

    `spot`, `rebalance` and `maintenance` are JSON. `user_data` is text, or bytes such as gzip's, which cloud-init
    unpacks.
    """

    id: str
    address: str
    region: str = "eu-central-1"
    zone: str = "eu-central-1a"
    kind: str = "t3.small"
    image: str = "ami-00000000"
    role: Role | None = field(default_factory=Role)
    user_data: str | bytes | None = None
    public_key: str | None = None
    target: str | None = None
    spot: str | None = None
    rebalance: str | None = None
    maintenance: str | None = None
    hop_limit: int = 1
    enabled: bool = True
    tags: dict[str, str] | None = None

    @property
    def hostname(self) -> str:
        return f"ip-{self.address.replace('.', '-')}"

    def tree(self) -> Tree:
        found = {
            "meta-data": _without_none(self._meta_data()),
            "dynamic": {"instance-identity": {"document": self._document()}},
            "user-data": self.user_data,
        }
        return _without_none(found)

    def look_up(self, path: str) -> str | bytes | None:
        """What stands at a path such as /latest/meta-data/instance-id; a folder is the list of its names."""
        version, *parts = path.partition("?")[0].strip("/").split("/")
        if not version:
            return "\n".join(VERSIONS)
        node: Any = self.tree() if version in VERSIONS else None
        for part in parts:
            node = node.get(part) if isinstance(node, dict) else None
        if isinstance(node, dict):
            return "0=lab" if parts[-1:] == ["public-keys"] else _listed(node)
        return node if node is None or isinstance(node, bytes) else str(node)

    def _meta_data(self) -> Tree:
        interface = {"device-number": "0", "mac": HARDWARE, "local-ipv4s": self.address}
        return {
            "ami-id": self.image,
            "instance-id": self.id,
            "instance-type": self.kind,
            "mac": HARDWARE,
            "local-ipv4": self.address,
            "hostname": self.hostname,
            "local-hostname": self.hostname,
            "placement": {"region": self.region, "availability-zone": self.zone},
            "network": {"interfaces": {"macs": {HARDWARE: interface}}},
            "iam": {"security-credentials": {self.role.name: self.role.document()}} if self.role else None,
            "public-keys": {"0": {"openssh-key": self.public_key}} if self.public_key else None,
            "autoscaling": {"target-lifecycle-state": self.target} if self.target else None,
            "spot": {"instance-action": self.spot} if self.spot else None,
            "events": self._events() or None,
            "tags": {"instance": self.tags} if self.tags else None,
        }

    def _events(self) -> Tree:
        rebalance = {"recommendations": {"rebalance": self.rebalance}} if self.rebalance else {}
        return rebalance | ({"maintenance": {"scheduled": self.maintenance}} if self.maintenance else {})

    def _document(self) -> str:
        said = {"instanceId": self.id, "region": self.region, "privateIp": self.address, "architecture": "x86_64"}
        return json.dumps({**said, "availabilityZone": self.zone, "instanceType": self.kind, "imageId": self.image})


def _without_none(tree: Tree) -> Tree:
    return {name: value for name, value in tree.items() if value is not None}


def _listed(node: Tree) -> str:
    return "\n".join(f"{name}/" if isinstance(value, dict) else name for name, value in node.items())
