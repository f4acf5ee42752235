"""The operator of a drill: a project in a folder of its own, and the commands that are typed there."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from slackwater.aws.clients import explained
from slackwater.drill.declared import GROUP, files
from slackwater.errors import LabError
from slackwater.lab.cloud import Endpoint, Ground
from slackwater.lab.host import LabHost
from slackwater.lab.inventory import data
from slackwater.lab.places import PLACES
from slackwater.resources import resource

COPIED = ("roles", "templates", "deploy.py", "config.py", "inventories/self.py", "examples/shop")
INVENTORY, BUILDER = "inventories/drill.py", "inventories/image.py"
SLACKWATER = "import sys; from slackwater.cli import main; sys.argv[0] = 'slackwater'; main()"
LIMIT = 900
"""Seconds for one command: the first drill of a machine fetches every package."""
BAKE = 2
"""Seconds for which a rollout watches each batch: whoever watches a drill has not got the usual ten."""
LAST = 3000
"""Characters of a failed command's last words."""


@dataclass(frozen=True)
class Operator:
    """`folder` is the project; `cloud` is the AWS that its commands reach, and no other; `limit` is one command's."""

    folder: Path
    cloud: Endpoint
    limit: float = LIMIT

    @classmethod
    def begin(
        cls, folder: Path, cloud: Endpoint, ground: Ground, balancer: Mapping[str, Any], **sizes: int
    ) -> Operator:
        """A new folder; `balancer` is its data in the inventory, `sizes` are the group's, and `step`, by how many
        instances its alarms change it."""
        for name in COPIED:
            _copy(_original(name), folder / name)
        for name, text in files(cloud, ground, balancer, sizes).items():
            (folder / name).parent.mkdir(exist_ok=True)
            (folder / name).write_text(text)
        kept, cache = PLACES.cache / "wheels", folder / ".slackwater/cache/wheels"
        kept.mkdir(parents=True, exist_ok=True)
        cache.parent.mkdir(parents=True)
        cache.symlink_to(kept)
        return cls(folder, cloud)

    def build(self, release: str) -> None:
        self.slackwater("release", "build", INVENTORY, "--id", release)

    def prove(self, release: str) -> None:
        self.slackwater("release", "prove", INVENTORY, release)

    def rollout(self, release: str) -> None:
        self.slackwater("rollout", INVENTORY, "--release", release, "--batch", "50%", "--bake", str(BAKE))

    def apply(self) -> None:
        self.slackwater("apply", INVENTORY, "--yes")

    def converge(self, *words: str) -> None:
        self._run(sys.executable, "-m", "pyinfra", INVENTORY, "deploy.py", "-y", *words)

    def prepare(self, builder: LabHost) -> None:
        """`slackwater image prepare`: the host, which is on, is sealed afterwards and can be asked nothing more."""
        (self.folder / BUILDER).write_text(f"app = {[(builder.name, told(builder))]!r}\n")
        (self.folder / "group_data/image.py").write_text((self.folder / "group_data/drill.py").read_text())
        self.slackwater("image", "prepare", BUILDER, builder.name)

    def slackwater(self, *words: str) -> str:
        return self._run(sys.executable, "-c", SLACKWATER, *words)

    def alarm(self, policy: str) -> None:
        """The alarm of a step policy rings, as by `aws cloudwatch set-alarm-state`, and is quiet again."""
        cloudwatch, name = self.cloud.client("cloudwatch"), f"slackwater-{GROUP}:{policy}"
        with explained(f"the alarm {policy!r} could not ring"):
            for state in ("ALARM", "OK"):
                cloudwatch.set_alarm_state(AlarmName=name, StateReason="a drill", StateValue=state)

    def _run(self, *words: str) -> str:
        typed = " ".join(word for word in words[2:] if word != SLACKWATER)
        try:
            done = subprocess.run(
                words, cwd=self.folder, env=os.environ | self.cloud.environment, stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=self.limit, check=False,
            )  # fmt: skip
        except subprocess.TimeoutExpired as error:
            raise LabError(f"{typed} was not done after {self.limit:g} s:\n{_last(error.output)}") from error
        if done.returncode:
            raise LabError(f"{typed} ended with status {done.returncode}:\n{_last(done.stdout)}")
        return done.stdout.decode(errors="replace")


def _last(said: bytes | None) -> str:
    """A character may be cut in two where the command was ended."""
    return (said or b"").decode(errors="replace")[-LAST:]


def release(number: int) -> str:
    """The id of the drill's first, second, … release."""
    return f"r{number}"


def told(host: LabHost) -> dict[str, Any]:
    """A host's data in the inventory; which fleet it is in its group says."""
    return {key: value for key, value in data(host).items() if key != "fleet"}


def _original(name: str) -> Path:
    """A wheel keeps the project in a place of its own, roles and templates beside it; a checkout has all in one."""
    try:
        return resource(f"project/{name}")
    except FileNotFoundError:
        return resource(name)


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir():
        shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
    else:
        shutil.copyfile(source, target)
