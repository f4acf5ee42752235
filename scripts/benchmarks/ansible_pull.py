"""The same job by ansible-pull: what a host is given is in playbook/, as somebody would write it who knows Ansible."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import yaml

from benchmarks.bench import CommandError, Row
from benchmarks.launching import HOST, RELEASE, Stage
from benchmarks.repository import repository
from slackwater.lab.launches import begin_with, first_line, place, relay, tell
from slackwater.lab.metadata import Instance, in_lab, serving

PLAYBOOK = Path(__file__).parent / "playbook"
BESIDE = ("requirements.in", "requirements.txt", "provision.sh")
"""Come by user-data, not by git."""
PROGRAM = "/usr/local/sbin/provision"
MARKS = "/var/log/provision-marks"
LOG = "tail -n 60 /var/log/cloud-init-output.log"
END_LIMIT = 120.0
"""Seconds from the first good answer to the end of the playbook, which asks for that answer itself."""


@dataclass(frozen=True)
class AnsiblePull:
    """User-data installs git from Debian and ansible-core from the index, and ansible-pull fetches and runs site.yml.

    Same packages, the release's archive from the same store with its sum compared, its environment from the wheels in
    it, as many workers, nginx, log rotation. What it leaves out: nobody tells the group, nothing is drained.
    """

    stage: Stage
    label: str = "ansible-pull"

    def arrive(self) -> Row:
        host, stage = self.stage.host, self.stage
        begin_with(host, stage.bare)
        tell(host, {})
        machine = host.lan.machine_side
        with relay(machine, place(stage.sky.url)) as endpoint, repository(PLAYBOOK, BESIDE, machine) as url:
            me = Instance(f"i-ansible{time.time_ns()}", host.address, user_data=self._user_data(endpoint, url))
            with serving(in_lab(host.lan), {host.address: me}.get):
                began = time.time()
                host.start()
                ready = stage.ready(began, self._reason)
                row = {**self._seconds(began), "ready": ready, **stage.job()}
            host.power_cut()
        return row

    def _user_data(self, endpoint: str, url: str) -> str:
        files = {
            "/etc/ansible/requirements.txt": (PLAYBOOK / "requirements.txt").read_text(),
            "/etc/ansible/release.json": json.dumps({"release": self._release(endpoint)}),
            PROGRAM: (PLAYBOOK / "provision.sh").read_text(),
        }
        written = [{"path": path, "content": text, "permissions": "0755"} for path, text in files.items()]
        return "#cloud-config\n" + yaml.safe_dump({"write_files": written, "runcmd": [[PROGRAM, url]]})

    def _release(self, endpoint: str) -> Row:
        """Its archive in the store, by a signed address, for an instance has no role in Ansible's own modules."""
        address, sha256 = self.stage.project.archive(RELEASE)
        return {"id": RELEASE, "url": address.replace(self.stage.sky.url, endpoint), "sha256": sha256}

    def _reason(self) -> str:
        """Empty as long as it is at it; a host that boots does not answer yet."""
        done = self.stage.host.ssh(f"grep -q failed {MARKS} && {LOG}")
        return done.stdout if done.returncode == 0 else ""

    def _seconds(self, began: float) -> Row:
        deadline = time.monotonic() + END_LIMIT
        while "done" not in (marks := self._marks()):
            if "failed" in marks or time.monotonic() > deadline:
                raise CommandError(f"{self.label} did not end: {self.stage.bench.ssh(HOST, LOG)}")
            time.sleep(0.5)
        moments = {"boot": began, "cloud-init": first_line(self.stage.host), **marks}
        steps = [(name, end - at) for (name, at), (_, end) in pairwise(moments.items())]
        return {name: round(seconds, 1) for name, seconds in [*steps, ("in service", marks["done"] - began)]}

    def _marks(self) -> dict[str, float]:
        return {name: float(at) for name, at in map(str.split, self.stage.bench.ssh(HOST, f"cat {MARKS}").splitlines())}
