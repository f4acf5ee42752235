"""An operator's project whose store is a bucket of the lab's cloud, with a release that was proved there."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from slackwater.bundle import Bundle
from slackwater.errors import LabError
from slackwater.lab.cloud import Endpoint
from slackwater.lab.host import LabHost
from slackwater.lab.inventory import data
from slackwater.release import Manifest

PREFIX = "fleet"
INVENTORY = """
app = [("app-0", {"ssh_hostname": "203.0.113.11", "address": "10.0.1.11"})]
balancer = [("balancer-1", {"ssh_hostname": "203.0.113.10", "address": "10.0.1.10"})]
"""
"""Members are those of a pushed fleet: the instance must get on without knowing them."""
SLACKWATER = "import sys; from slackwater.cli import main; sys.argv[0] = 'slackwater'; main()"
PROVE = """
import sys
from pathlib import Path
from slackwater.release import Proved, open_releases
from slackwater.settings import Store
releases = open_releases(Store.s3(sys.argv[1]), Path.cwd())
releases.prove("shop", "production", Proved.here(releases.get("shop", sys.argv[2])))
"""
OF_THE_IMAGE = """\"\"\"The fleet whose proved release an image carries.\"\"\"

environment = "production"
fleet = "production"
"""
LIMIT = 480
"""Seconds for one command: wheels for three Pythons come from afar, and a host's packages."""


@dataclass(frozen=True)
class Project:
    """`slackwater init` writes the like; only the store is another."""

    folder: Path
    cloud: Endpoint
    bucket: str

    @classmethod
    def begin(cls, folder: Path, house: Path, cloud: Endpoint, bucket: str) -> Project:
        """In a new folder, with roles, templates and app of the checkout at `house`."""
        folder.mkdir()
        for name in ("inventories", "group_data", "roles", "templates", "examples"):
            shutil.copytree(house / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        for name in ("deploy.py", "config.py"):
            shutil.copyfile(house / name, folder / name)
        made = cls(folder, cloud, bucket)
        told = folder / "group_data/all.py"
        told.write_text(told.read_text().replace('Store.directory(".slackwater/store")', f"Store.s3({made.store!r})"))
        (folder / "inventories/prod.py").write_text(INVENTORY)
        kept = house / ".slackwater/cache/wheels"
        kept.mkdir(parents=True, exist_ok=True)
        (folder / ".slackwater/cache").mkdir(parents=True)
        (folder / ".slackwater/cache/wheels").symlink_to(kept)
        return made

    @property
    def store(self) -> str:
        return f"s3://{self.bucket}/{PREFIX}"

    def release(self, name: str) -> str:
        """Built and proved; its dependencies are in it."""
        self._run(SLACKWATER, "release", "build", "inventories/prod.py", "--id", name, "--wheels")
        self._run(PROVE, self.store, name)
        return name

    def archive(self, release: str) -> tuple[str, str]:
        """Where it can be fetched without a role, for an hour; and its sum."""
        s3 = self.cloud.client("s3")
        found = s3.get_object(Bucket=self.bucket, Key=f"{PREFIX}/shop/{release}.json")["Body"].read()
        manifest = Manifest(**json.loads(found))
        key = {"Bucket": self.bucket, "Key": f"{PREFIX}/{manifest.archive}"}
        return s3.generate_presigned_url("get_object", Params=key, ExpiresIn=3600), manifest.sha256

    def bundle(self, *options: str) -> Bundle:
        """Built, and uploaded as `slackwater apply` does."""
        said = json.loads(self._run(SLACKWATER, "bundle", "build", "inventories/prod.py", "--json", *options))
        made = Bundle(Path(said["path"]), said["sha256"], said["size"], said["key"])
        self.cloud.client("s3").upload_file(str(made.path), self.bucket, f"{PREFIX}/{made.key}")
        return made

    def prepare(self, host: LabHost) -> None:
        """`slackwater image prepare`: the host, which is on, is sealed afterwards and can be asked nothing more."""
        told = {name: value for name, value in data(host).items() if name != "fleet"}
        (self.folder / "inventories/image.py").write_text(f"app = {[(host.name, told)]!r}\n")
        (self.folder / "group_data/image.py").write_text(OF_THE_IMAGE)
        self._run(SLACKWATER, "image", "prepare", "inventories/image.py", host.name)

    def arrival(self, instance: str) -> dict[str, Any] | None:
        """What the instance left in the store."""
        key = f"{PREFIX}/arrivals/prod/{instance}.json"
        s3 = self.cloud.client("s3")
        try:
            return dict(json.loads(s3.get_object(Bucket=self.bucket, Key=key)["Body"].read()))
        except s3.exceptions.NoSuchKey:
            return None

    def _run(self, program: str, *words: str) -> str:
        done = subprocess.run(
            [sys.executable, "-c", program, *words], cwd=self.folder, env=os.environ | self.cloud.environment,
            capture_output=True, text=True, timeout=LIMIT, check=False,
        )  # fmt: skip
        if done.returncode:
            raise LabError(f"{' '.join(words)} ended with status {done.returncode}:\n{done.stdout}{done.stderr}")
        return done.stdout
