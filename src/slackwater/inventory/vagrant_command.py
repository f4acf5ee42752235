"""What Vagrant is asked, in the folder of its Vagrantfile."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from paramiko import SSHConfig, SSHConfigDict

from slackwater.errors import LabError

LAST = 600
"""Characters of what Vagrant said last when it failed."""
LIMIT = 1800.0
"""Seconds: an emulated VM needs 13 minutes to boot; a hypervisor that hangs would hold its VM for ever."""
ASK_LIMIT = 300.0
"""Seconds: Vagrant says what it knows in a few, on a busy machine in many; an inventory would wait without a word."""


def vagrant(place: Path, *words: str, limit: float = LIMIT) -> str:
    """Standard output; raises LabError where Vagrant is missing, fails or has not ended after `limit` seconds."""
    if not shutil.which("vagrant"):
        raise LabError("Vagrant was not found on this machine: install it, then `vagrant up` in vagrant/")
    try:
        done = _run(place, words, limit)
    except subprocess.TimeoutExpired as error:
        raise LabError(
            f"`vagrant {' '.join(words)}` in {place} has not ended within {limit:g} s and was stopped: run it there "
            "yourself to see where it hangs"
        ) from error
    if done.returncode:
        last = " ".join((done.stderr or done.stdout).split())[-LAST:]
        raise LabError(f"`vagrant {' '.join(words)}` in {place} ended with status {done.returncode}: {last}")
    return done.stdout


def _run(place: Path, words: Sequence[str], limit: float) -> subprocess.CompletedProcess[str]:
    """Without what it has started outliving it: on macOS `vagrant` is only what starts Vagrant."""
    with subprocess.Popen(
        ["vagrant", *words], cwd=place, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        text=True, errors="replace", start_new_session=True,
    ) as process:  # fmt: skip
        try:
            said, failed = process.communicate(timeout=limit)
        except (subprocess.TimeoutExpired, KeyboardInterrupt):
            os.killpg(process.pid, signal.SIGKILL)
            raise
    return subprocess.CompletedProcess(words, process.returncode, said, failed)


def running(place: Path, *names: str) -> list[str]:
    """Of these VMs, or of all, the ones that are up."""
    return list(_up(vagrant(place, "status", *names, "--machine-readable", limit=ASK_LIMIT)))


def logins(place: Path, *names: str) -> dict[str, dict[str, Any]]:
    """Where ssh goes for each of these VMs, which are up, in pyinfra's words."""
    config = SSHConfig.from_text(vagrant(place, "ssh-config", *names, limit=ASK_LIMIT))
    return {name: _words(config.lookup(name)) for name in names}


def _up(status: str) -> Iterator[str]:
    """https://developer.hashicorp.com/vagrant/docs/cli/machine-readable: time, VM, kind and what there is to say."""
    for line in status.splitlines():
        _, name, kind, *said = [*line.split(",", 3), "", "", ""]
        if kind == "state" and said[0] == "running":
            yield name


def _words(told: SSHConfigDict) -> dict[str, Any]:
    key = {"ssh_key": told["identityfile"][0]} if "identityfile" in told else {}
    return {"ssh_hostname": told["hostname"], "ssh_port": int(told["port"]), "ssh_user": told["user"], **key}
