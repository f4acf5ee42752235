"""A long run can be taken up again: what has passed for this very state of the code is not run twice."""

from __future__ import annotations

import hashlib
import os
import subprocess
from pathlib import Path

import pytest

HOUSE = Path(__file__).resolve().parents[1]
LONG = bool(os.environ.get("SLACKWATER_LONG"))


def state_of_the_code() -> str:
    """One word for the commit and whatever is not committed."""
    words = (["git", "rev-parse", "HEAD"], ["git", "diff", "HEAD"], ["git", "ls-files", "-o", "--exclude-standard"])
    outputs = [subprocess.run(command, cwd=HOUSE, check=False, capture_output=True).stdout for command in words]
    return hashlib.sha256(b"\0".join(outputs)).hexdigest()[:16]


def passed_file(config: pytest.Config) -> Path:
    return Path(str(config.cache.mkdir("long"))) / state_of_the_code()  # type: ignore[union-attr]


def pytest_configure(config: pytest.Config) -> None:
    if LONG:
        config.pluginmanager.register(Resumed(passed_file(config)))


class Resumed:
    """Leaves out what an earlier long run has passed, and writes down what this one passes."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.passed = set(file.read_text().splitlines()) if file.exists() else set()

    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        done = [item for item in items if item.nodeid in self.passed]
        config.hook.pytest_deselected(items=done)
        items[:] = [item for item in items if item.nodeid not in self.passed]

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when == "call" and report.passed:
            with self.file.open("a") as file:
                file.write(f"{report.nodeid}\n")
