"""A hook's shell: the app's secrets and programs, and no trace of a secret."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from slackwater.agents.slots import launch


def run(tmp_path: Path, command: str) -> subprocess.CompletedProcess[str]:
    (tmp_path / "venv/bin").mkdir(parents=True)
    program = tmp_path / "venv/bin/tide"
    program.write_text("#!/bin/sh\necho high tide\n")
    program.chmod(0o755)
    (tmp_path / "credentials").mkdir()
    (tmp_path / "credentials/API_KEY").write_text("hunter2\nsecond line")
    (tmp_path / "before_release").write_text(command)
    return subprocess.run(
        [sys.executable, "-I", launch.__file__, tmp_path / "venv", tmp_path / "before_release"],
        env={"CREDENTIALS_DIRECTORY": str(tmp_path / "credentials"), "GREETING": "ahoy", "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_hook_is_one_line_of_shell(tmp_path: Path) -> None:
    """With quotes, dollars and pipes as they were written; its status is the unit's."""
    done = run(tmp_path, """echo "$GREETING, 100%" | tr a-z A-Z; tide; exit 3""")

    assert (3, "AHOY, 100%\nhigh tide\n") == (done.returncode, done.stdout)


def test_a_hook_has_the_secrets_as_variables(tmp_path: Path) -> None:
    """Whole, as the app has them; its command line, that anybody may read, has the variable's name only."""
    done = run(tmp_path, """echo "$API_KEY" | wc -c; tr '\\0' ' ' < /proc/$$/cmdline""")

    assert "20\n" == done.stdout[:3]
    assert "$API_KEY" in done.stdout
    assert "hunter2" not in done.stdout


def test_without_secrets_there_is_nothing_to_read() -> None:
    """systemd makes the directory only for units that have some."""
    assert {"PATH": f"/v/bin:{launch.SYSTEM_PATH}"} == launch.variables("/v", {})
