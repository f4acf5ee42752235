"""Windows is refused in a sentence, by whichever door one comes in."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

HOUSE = Path(__file__).resolve().parents[2]
COMMAND = "import sys; sys.platform = 'win32'; from slackwater.cli import main; main()"
PYINFRA = "import sys; import pyinfra_cli.main as pyinfra; sys.platform = 'win32'; pyinfra.cli()"


@pytest.mark.parametrize(
    ("program", "words"),
    [(COMMAND, ["lint", "inventories/prod.py"]), (PYINFRA, ["inventories/prod.py", "deploy.py", "--dry", "-y"])],
    ids=["slackwater", "pyinfra"],
)
def test_windows_is_told_where_to_run_it(program: str, words: list[str]) -> None:
    """Python there has no fcntl, and would say so in a traceback."""
    done = subprocess.run(
        [sys.executable, "-c", program, *words], cwd=HOUSE, capture_output=True, text=True, check=False
    )

    assert 1 == done.returncode
    assert "On Windows run them in WSL2" in done.stderr
    assert "Traceback" not in done.stderr
