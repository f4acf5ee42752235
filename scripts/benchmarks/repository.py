"""A folder as a git repository that a lab's hosts can clone."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.bench import CommandError

PORT = 9418
"""git's own."""
LIMIT = 10.0
"""Seconds until it listens."""
COMMIT = ("-c", "user.name=bench", "-c", "user.email=bench@localhost", "commit", "--quiet", "--message=playbook")


@contextmanager
def repository(content: Path, beside: tuple[str, ...], address: str) -> Iterator[str]:
    """Its URL until the block ends; `beside` are names in the folder that do not belong to it."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "playbook"
        shutil.copytree(content, place, ignore=shutil.ignore_patterns(*beside))
        for words in (["init", "--quiet"], ["add", "--all"], COMMIT):
            subprocess.run(["git", *words], cwd=place, check=True)
        served = ["--export-all", "--reuseaddr", f"--base-path={folder}", f"--listen={address}", f"--port={PORT}"]
        process = subprocess.Popen(["git", "daemon", *served], start_new_session=True)
        url = f"git://{address}:{PORT}/playbook"
        try:
            _wait(url)
            yield url
        finally:
            os.killpg(process.pid, signal.SIGTERM)
            process.wait()


def _wait(url: str) -> None:
    deadline = time.monotonic() + LIMIT
    while (done := subprocess.run(["git", "ls-remote", url], capture_output=True, text=True, check=False)).returncode:
        if time.monotonic() > deadline:
            raise CommandError(f"git's server does not serve {url}: {done.stderr}")
        time.sleep(0.1)
