"""A machine that provisions itself: the real program, with a bundle whose pyinfra does what a test wants."""

from __future__ import annotations

import hashlib
import io
import json
import os
import subprocess
import sys
import tarfile
import time
import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pip

from slackwater.lab.cloud import Endpoint
from slackwater.lab.metadata import Instance, Service
from slackwater.resources import PACKAGE

BUCKET = "tides"
STORE = f"s3://{BUCKET}/fleet"
LIMIT = 90
"""Seconds for a whole bootstrap, pip and all, on a machine that others load as well."""


@dataclass
class Machine:
    """`script` is what its pyinfra runs; `app` what the bundle declares."""

    root: Path
    sky: Endpoint
    service: Service
    me: Instance
    told: dict[str, Any] = field(default_factory=dict)
    app: dict[str, Any] | None = None
    script: str = "print('converged')"
    deadline: int = 60
    heartbeat: int = 30

    @classmethod
    def begin(cls, root: Path, sky: Endpoint, service: Service, me: Instance, *, heartbeat: int = 30) -> Machine:
        """`heartbeat` is the launch hook's own timeout, in seconds."""
        place = {"LocationConstraint": sky.region}
        sky.client("s3").create_bucket(Bucket=BUCKET, CreateBucketConfiguration=place)
        made = cls(root, sky, service, me, heartbeat=heartbeat)
        made.launch()
        return made

    def launch(self) -> None:
        """Its group gets an instance, which is this one, and waits for it."""
        ground, scaling = self.sky.cloud.ground(), self.sky.client("autoscaling")
        data = {"ImageId": ground.image, "InstanceType": "t3.small"}
        self.sky.client("ec2").create_launch_template(LaunchTemplateName="shop", LaunchTemplateData=data)
        hook = {
            "LifecycleHookName": "launching",
            "LifecycleTransition": "autoscaling:EC2_INSTANCE_LAUNCHING",
            "HeartbeatTimeout": self.heartbeat,
            "DefaultResult": "ABANDON",
        }
        scaling.create_auto_scaling_group(
            AutoScalingGroupName="shop-prod",
            MinSize=0,
            MaxSize=1,
            DesiredCapacity=1,
            VPCZoneIdentifier=ground.subnets[0],
            LaunchTemplate={"LaunchTemplateName": "shop", "Version": "1"},
            LifecycleHookSpecificationList=[hook],
        )
        self.me.id = first(lambda: [each["InstanceId"] for each in self._members()])
        first(lambda: [True for each in self._members() if each["LifecycleState"] == "Pending:Wait"])

    def boot(self, *, limit: float = LIMIT, **variables: str) -> subprocess.CompletedProcess[str]:
        """As the unit starts it."""
        process = self.start(**variables)
        said, _ = process.communicate(timeout=limit)
        return subprocess.CompletedProcess(process.args, process.returncode, said, "")

    def start(self, **variables: str) -> subprocess.Popen[str]:
        if not (self.root / "etc/slackwater/instance.json").exists():
            self.write()
        own = {
            "PYTHONPATH": str(PACKAGE),
            "AWS_EC2_METADATA_SERVICE_ENDPOINT": self.service.url,
            "no_proxy": "127.0.0.1",
        }
        return subprocess.Popen(
            [sys.executable, "-P", "-m", "agents.bootstrap", str(self.root)], env={**os.environ, **own, **variables},
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip

    def write(self, **told: Any) -> None:
        """What user-data leaves on the disk; the bundle is uploaded."""
        packed = _bundle(self.script, self.app)
        self.sky.client("s3").put_object(Bucket=BUCKET, Key="fleet/bundle.tar.gz", Body=packed)
        bundle = {"url": f"{STORE}/bundle.tar.gz", "sha256": hashlib.sha256(packed).hexdigest()}
        words = {
            "environment": "prod", "groups": ["app"], "region": self.sky.region, "group": "shop-prod",
            "launch_hook": "launching", "terminate_hook": None, "deadline": self.deadline, "heartbeat": self.heartbeat,
            "store": STORE, "bundle": bundle, "endpoint": self.sky.url, **told,
        }  # fmt: skip
        file = self.root / "etc/slackwater/instance.json"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(words))

    def told_the_group(self) -> list[str]:
        """The results of completed actions, in order."""
        calls = self.sky.lifecycle_calls
        return [words["LifecycleActionResult"] for name, words in calls if name == "CompleteLifecycleAction"]

    def heartbeats(self) -> int:
        return sum(name == "RecordLifecycleActionHeartbeat" for name, _ in self.sky.lifecycle_calls)

    def state(self) -> str:
        """The word of its group for this instance; "gone" when it is none of the group's."""
        words = {each["InstanceId"]: str(each["LifecycleState"]) for each in self._members()}
        return words.get(self.me.id, "gone")

    def report(self) -> dict[str, Any]:
        key = f"fleet/arrivals/prod/{self.me.id}.json"
        return dict(json.loads(self.sky.client("s3").get_object(Bucket=BUCKET, Key=key)["Body"].read()))

    def _members(self) -> list[dict[str, Any]]:
        scaling = self.sky.client("autoscaling")
        (group,) = scaling.describe_auto_scaling_groups(AutoScalingGroupNames=["shop-prod"])["AutoScalingGroups"]
        return list(group["Instances"])


def first(look: Any) -> Any:
    """What a look finds at last."""
    deadline = time.monotonic() + 20
    while not (found := look()):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return found[0]


def _bundle(script: str, app: dict[str, Any] | None) -> bytes:
    wheel = _wheel(script)
    digest = hashlib.sha256(wheel).hexdigest()
    files = {
        "declared.json": json.dumps({"app": app, "fleet": "production"}).encode(),
        "requirements.txt": f"./pyinfra-1-py3-none-any.whl --hash=sha256:{digest}\n".encode(),
        "pyinfra-1-py3-none-any.whl": wheel,
        "pip-1-py3-none-any.whl": _pip(),
        "wheelhouse/.keep": b"",
    }
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as tar:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return packed.getvalue()


def _wheel(script: str) -> bytes:
    """A package with one program, which is called pyinfra."""
    files = {
        "pyinfra-1.data/scripts/pyinfra": f"#!python\n{script}\n",
        "pyinfra-1.dist-info/METADATA": "Metadata-Version: 2.1\nName: pyinfra\nVersion: 1\n",
        "pyinfra-1.dist-info/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        "pyinfra-1.dist-info/RECORD": "",
    }
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as wheel:
        for name, text in files.items():
            entry = zipfile.ZipInfo(name)
            entry.external_attr = 0o100755 << 16
            wheel.writestr(entry, text)
    return packed.getvalue()


def _pip() -> bytes:
    """This machine's own, as the wheel that it once was."""
    place, packed = Path(pip.__file__).parent, io.BytesIO()
    with zipfile.ZipFile(packed, "w") as wheel:
        for path in sorted(place.rglob("*")):
            if path.is_file() and path.suffix != ".pyc":
                wheel.write(path, path.relative_to(place.parent))
    return packed.getvalue()
