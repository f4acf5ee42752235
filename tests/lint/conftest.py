"""One process that checks projects, for all tests of this directory."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from .project import write

Faults = list[dict[str, Any]]
Check = Callable[..., Faults]


@pytest.fixture(scope="session")
def checker() -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, str(Path(__file__).with_name("checker.py"))]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield process
        assert process.stdin
        process.stdin.close()


@pytest.fixture
def check(checker: subprocess.Popen[str], tmp_path: Path) -> Check:
    """Writes the project with those files changed, and returns its faults."""

    def run(
        files: Mapping[str, str | None], *, group_data: Sequence[str] = (), data: Mapping[str, object] | None = None
    ) -> Faults:
        asked = {"inventory": "inventories/prod.py", "group_data": group_data, "data": data or {}}
        assert checker.stdin
        assert checker.stdout
        checker.stdin.write(json.dumps({"project": str(write(tmp_path, files)), **asked}) + "\n")
        checker.stdin.flush()
        faults: Faults = json.loads(checker.stdout.readline())
        return faults

    return run
