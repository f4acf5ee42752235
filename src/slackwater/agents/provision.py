"""The steps of a new instance: the bundle is fetched and compared, its environment made, and pyinfra run from it."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tarfile
import threading
import time
import zipfile
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from http.client import HTTPResponse
from pathlib import Path
from urllib.parse import urlsplit

from .signed import Aws

CHUNK = 1 << 20
ATTEMPTS = 3
"""Runs before an instance gives up: a mirror that was slow or a network that was lost is back by then."""
PAUSE = 10.0
"""Seconds between them."""
UV = ("pip", "install", "--quiet", "--offline", "--no-cache", "--no-index", "--find-links", "wheelhouse")
PIP = (
    *("install", "--quiet", "--no-input", "--disable-pip-version-check", "--no-cache-dir", "--no-compile"),
    *("--only-binary=:all:", "--retries=10", "--timeout=20"),
)


class StepError(Exception):
    """A sentence for the operator, who reads it when the instance is gone."""


@dataclass(frozen=True)
class Steps:
    """`deadline` is on time.monotonic(); `say` takes each line that a program writes."""

    home: Path
    aws: Aws
    deadline: float
    say: Callable[[str], None]

    def bundle(self, told: Mapping[str, str]) -> Path:
        """Compared with the sum that the launch template names before anything of it is used."""
        place = self.home / f"bundle-{told['sha256'][:16]}"
        if not place.exists():
            self.home.mkdir(parents=True, exist_ok=True)
            packed, new = self.home / "bundle.tar.gz", self.home / "new"
            found = self.aws.object(told["url"], take=lambda answer: _save(answer, packed))
            if found != told["sha256"]:
                packed.unlink()
                raise StepError(f"{told['url']} has sha256 {found}, not {told['sha256']}: nothing of it was run")
            shutil.rmtree(new, ignore_errors=True)
            with tarfile.open(packed) as tar:
                tar.extractall(new)  # noqa: S202 - it is the one that was planned
            os.sync()
            new.rename(place)
            packed.unlink()
        return place

    def environment(self, bundle: Path) -> Path:
        """Made by the bundle's own installer: neither python3-venv nor apt is needed. Its mark is written last."""
        place = bundle.with_name(bundle.name.replace("bundle", "environment"))
        if not (place / "whole").exists():
            self._run([sys.executable, "-m", "venv", "--clear", "--without-pip", str(place)], bundle)
            install = self._installer(bundle, str(place / "bin/python"))
            self._run(
                [*install, "--no-deps", "--require-hashes", "--requirement", "requirements.txt"], bundle, ATTEMPTS
            )
            (place / "whole").touch()
        return place

    def _installer(self, bundle: Path, python: str) -> list[str]:
        """uv where there is a wheelhouse, which has it: a third of pip's time; else pip, right from its wheel."""
        for wheel in bundle.glob("wheelhouse/uv-*.whl"):
            with zipfile.ZipFile(wheel) as packed:
                (name,) = (each for each in packed.namelist() if each.endswith("/scripts/uv"))
                (program := self.home / "uv").write_bytes(packed.read(name))
            program.chmod(0o755)
            return [str(program), *UV, "--python", python]
        return [sys.executable, f"{next(bundle.glob('pip-*.whl'))}/pip", "--python", python, *PIP]

    def converge(self, bundle: Path, environment: Path) -> None:
        """The same roles as a pushed run; what a run that failed has done is kept, the next one goes on there."""
        self._run([str(environment / "bin/pyinfra"), "inventories/self.py", "deploy.py", "-y"], bundle, ATTEMPTS)

    def sweep(self, bundle: Path) -> None:
        """What another bundle left, in an image that was made of an instance."""
        kept = bundle.name.removeprefix("bundle")
        for place in self.home.glob("*-*"):
            if not place.name.endswith(kept):
                shutil.rmtree(place, ignore_errors=True)

    def _run(self, words: list[str], bundle: Path, attempts: int = 1) -> None:
        for attempt in range(1, attempts + 1):
            if (status := self._once(words, bundle)) == 0:
                return
            if attempt == attempts or time.monotonic() + PAUSE > self.deadline:
                times = "" if attempt == 1 else f", tried {attempt} times"
                late = " at the deadline" if status < 0 and time.monotonic() > self.deadline else ""
                raise StepError(f"{_program(words)} ended with status {status}{late}{times}")
            time.sleep(PAUSE)

    def _once(self, words: list[str], bundle: Path) -> int:
        """Its exit status. At the deadline it is killed with all that it started."""
        process = subprocess.Popen(
            words, cwd=bundle, env=self._variables(bundle), start_new_session=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace",
        )  # fmt: skip
        late = threading.Timer(max(0.0, self.deadline - time.monotonic()), _kill, (process.pid,))
        late.daemon = True
        late.start()
        for line in process.stdout or ():
            self.say(line.rstrip())
        late.cancel()
        return process.wait()

    def _variables(self, bundle: Path) -> dict[str, str]:
        """A wheelhouse is all that pip has then, the roles' pip included: no index is asked for what it lacks."""
        own = {"HOME": "/root", "PYTHONUNBUFFERED": "1", "AWS_DEFAULT_REGION": self.aws.region}
        if self.aws.endpoint:
            own["AWS_ENDPOINT_URL"] = self.aws.endpoint
        if (wheels := bundle / "wheelhouse").is_dir():
            own |= {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(wheels)}
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
        return {**inherited, **own, **_direct(self.aws.metadata.address)}


def _direct(address: str) -> dict[str, str]:
    """The metadata service is asked past every proxy: boto3 would get no credentials, or those of another machine."""
    known = os.environ.get("no_proxy") or os.environ.get("NO_PROXY") or ""
    found = known if known == "*" else ",".join(filter(None, (known, urlsplit(address).hostname)))
    return {"no_proxy": found, "NO_PROXY": found}


def since_first(note: Path, instance: str) -> float:
    """Seconds since it was first started: a reboot in the middle, or after the end, goes on under the same deadline.

    Another instance made of this one's disk has its own.
    """
    now = time.time()
    with suppress(OSError, ValueError, LookupError, TypeError):
        known = json.loads(note.read_text())
        if known["instance"] == instance and known["began"] <= now:
            return now - float(known["began"])
    note.write_text(json.dumps({"instance": instance, "began": now}))
    return 0.0


def _program(words: list[str]) -> str:
    return "the installer" if "install" in words else Path(words[0]).name


def _kill(group: int) -> None:
    try:
        os.killpg(group, signal.SIGKILL)
    except ProcessLookupError:
        return


def _save(answer: HTTPResponse, path: Path) -> str:
    """The sum of what was written."""
    digest = hashlib.sha256()
    with path.open("wb") as file:
        while data := answer.read(CHUNK):
            digest.update(data)
            file.write(data)
    if answer.length:
        raise ConnectionError(f"broke off with {answer.length} bytes to come")
    return digest.hexdigest()
