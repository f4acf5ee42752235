"""A project whose group is in the lab's cloud, and commands run in it as an operator does."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from slackwater.lab.cloud import Ground
from tests.aws.nursery import HOUSE, Wish, nursery
from tests.aws.nursery import LIMIT as COMMAND_LIMIT
from tests.aws.resources import Lab

WHEELS = ".slackwater/cache/wheels"
CLOUD = """from slackwater import Image, ScalingGroup, TargetGroup

scaling_group = ScalingGroup(
    name="{name}",
    region="eu-central-1",
    image=Image.id("{ground.image}"),
    instance_types=["t3.micro"],
    subnets={subnets},
    security_groups=["{ground.security_group}"],
    instance_profile="{ground.instance_profile}",
    target_groups=[TargetGroup(name="{name}", vpc="{ground.vpc}")],
    policies=[],
    desired=2,
    maximum={maximum},
)
"""
FILES = {
    "inventories/prod.py": 'cloud = ["@local"]\n',
    "group_data/prod.py": 'environment = "production"\n',
    "group_data/app.py": "from slackwater import App, Source\n\n"
    'app = App(name="shop", entrypoint="shop:app", source=Source.directory("shop"))\n',
    "shop/shop.py": "app = None\n",
    "shop/requirements.txt": "",
}


class Project:
    """`write(maximum=4)` declares the group anew; the same name unless told otherwise."""

    def __init__(self, place: Path, lab: Lab, name: str) -> None:
        self.place, self.lab, self.name = place, lab, name
        store = f"from slackwater import Store\n\nstore = Store.s3('s3://{lab.ground.bucket}/fleet')\n"
        for file, text in {**FILES, "group_data/all.py": store}.items():
            self.put(file, text)
        for file in ("deploy.py", "config.py"):
            shutil.copyfile(HOUSE / file, place / file)
        (HOUSE / WHEELS).mkdir(parents=True, exist_ok=True)
        (place / WHEELS).parent.mkdir(parents=True)
        # What a bundle needs of the index is fetched once for all projects.
        (place / WHEELS).symlink_to(HOUSE / WHEELS)
        self.write()

    def put(self, file: str, text: str) -> None:
        (self.place / file).parent.mkdir(parents=True, exist_ok=True)
        (self.place / file).write_text(text)

    def write(self, maximum: int = 10) -> None:
        self.put("group_data/cloud.py", cloud(self.lab.ground, self.name, maximum))

    def run(self, *words: str, answer: str = "") -> subprocess.CompletedProcess[str]:
        """`slackwater` with these words."""
        return nursery().run(Wish(list(words), str(self.place), self.environment(), answer))

    def start(self, *words: str, **more: Any) -> subprocess.Popen[str]:
        """The same as a process that a test talks with, or signals."""
        command = [sys.executable, "-u", "-c", "from slackwater.cli import main; main()", *words]
        return subprocess.Popen(
            command, cwd=self.place, env=self.environment(), stdout=subprocess.PIPE, text=True, **more
        )

    def pyinfra(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "pyinfra", "inventories/prod.py", "deploy.py", *words],
            cwd=self.place,
            env=self.environment(),
            capture_output=True,
            text=True,
            check=False,
            timeout=COMMAND_LIMIT,
        )

    def environment(self) -> dict[str, str]:
        return {**os.environ, **self.lab.endpoint.environment, **nursery().environment(), "COLUMNS": "200"}


def cloud(ground: Ground, name: str, maximum: int) -> str:
    return CLOUD.format(name=name, ground=ground, subnets=list(ground.subnets), maximum=maximum)
