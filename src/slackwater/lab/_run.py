"""Other programs, run to their end; a failure is a LabError with the program's own last words."""

from __future__ import annotations

import os
import subprocess

from slackwater.errors import LabError

# `su` without a login shell leaves these out of PATH, and `ip` and `mkfs.ext4` would seem not to be installed.
SEARCH = os.environ.get("PATH", "/usr/bin:/bin") + ":/usr/sbin:/sbin"
LAST_LINES = 15


def run(*command: str, stdin: str | None = None, inherits: tuple[int, ...] = ()) -> str:
    """Standard output; raises LabError when the exit status is not 0. `inherits` are descriptors."""
    done = attempt(*command, stdin=stdin, inherits=inherits)
    if done.returncode:
        last = "\n".join(done.stderr.splitlines()[-LAST_LINES:])
        raise LabError(f"`{' '.join(command)}` ended with status {done.returncode}:\n{last}")
    return done.stdout


def attempt(
    *command: str, stdin: str | None = None, inherits: tuple[int, ...] = ()
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, capture_output=True, check=False, text=True, input=stdin, env=environment(), pass_fds=inherits
    )


def environment(**more: str) -> dict[str, str]:
    return {**os.environ, "PATH": SEARCH, **more}
