"""Starts `slackwater` in processes of their own that need not import it again: each is a fork of this one.

A line of stdin is a request in JSON, a line of stdout the answer: {"start": words, "cwd", "output", "errors"} gives the
process's number, {"ended": number} its exit status, or null.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any

import gevent
from gevent.monkey import get_original

import slackwater.rollout.cli  # noqa: F401  # what takes most of a command's time to start
from slackwater.cli import main

fork, waitpid = get_original("os", ["fork", "waitpid"])
"""gevent's own would start its loop here, and a loop is nothing to fork with."""


def serve() -> bool:
    """True in a process that shall run the command."""
    for line in iter(sys.stdin.readline, ""):
        asked = json.loads(line)
        if "ended" in asked:
            answer = ended(asked["ended"])
        elif not (answer := fork()):
            become(asked)
            return True
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()
    return False


def ended(number: int) -> int | None:
    found, status = waitpid(number, os.WNOHANG)
    return os.waitstatus_to_exitcode(status) if found else None


def become(asked: dict[str, Any]) -> None:
    gevent.reinit()
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
    for number, path, flag in ((0, os.devnull, os.O_RDONLY), (1, asked["output"], flags), (2, asked["errors"], flags)):
        os.dup2(os.open(path, flag, 0o644), number)
    os.chdir(asked["cwd"])
    sys.argv = ["slackwater", *asked["start"]]


if __name__ == "__main__" and serve():
    main()
