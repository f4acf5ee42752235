"""Commands run in forks of one process that has imported what they need, through the entry of the console script.

Each is a process of its own, with its own directory, environment, input and exit status; only the imports, which take
longer than most commands, are there already. Not in pytest's process: pyinfra_cli makes its sockets cooperative.

`python -m tests.aws.nursery` reads one JSON object a line, and writes one when the command has ended.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import traceback
from dataclasses import asdict, dataclass
from functools import cache
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO

from slackwater.cli import COMMANDS, main

HOUSE = Path(__file__).resolve().parents[2]
BYTECODE = HOUSE / ".pytest_cache/bytecode"
"""Kept from run to run: to compile it all takes longer than any command, and some machines forbid it elsewhere."""
LIMIT = 240
"""Seconds: building the first bundle of a project is the longest of it."""
NEEDED = ("pyinfra_cli.inventory", "slackwater.bundle.declare", "slackwater.rollout.fleet", "boto3.s3.transfer")
"""What the commands import on their way, beside their own modules."""


@dataclass(frozen=True)
class Wish:
    """`words` follow `slackwater`; `answer` is what a person would type."""

    words: list[str]
    place: str
    environment: dict[str, str]
    answer: str


class Nursery:
    """Ends with the process that has made it."""

    def __init__(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.aws.nursery"],
            cwd=HOUSE,
            env={**os.environ, **self.environment()},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def environment(self) -> dict[str, str]:
        """What is compiled once is not compiled again, by no process that a command starts either."""
        path = f"{HOUSE / 'src'}:{HOUSE}"
        return {"PYTHONPATH": path, "PYTHONPYCACHEPREFIX": str(BYTECODE), "PYTHONDONTWRITEBYTECODE": ""}

    def run(self, wish: Wish) -> subprocess.CompletedProcess[str]:
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write(f"{json.dumps(asdict(wish))}\n")
        self.process.stdin.flush()
        status, output, errors = json.loads(self.process.stdout.readline())
        return subprocess.CompletedProcess(["slackwater", *wish.words], status, output, errors)


@cache
def nursery() -> Nursery:
    """One for all modules of a run."""
    return Nursery()


def serve() -> None:
    for name in (*NEEDED, *(place.partition(":")[0] for place in COMMANDS.values())):
        import_module(name)
    for line in sys.stdin:
        sys.stdout.write(f"{json.dumps(forked(Wish(**json.loads(line))))}\n")
        sys.stdout.flush()


def forked(wish: Wish) -> tuple[int, str, str]:
    """Exit status as subprocess gives it, output and errors."""
    with TemporaryFile("w+") as answer, TemporaryFile("w+") as output, TemporaryFile("w+") as errors:
        answer.write(wish.answer)
        for file in (answer, output, errors):
            file.seek(0)
        child = os.fork()
        if child == 0:
            become(wish, (answer, output, errors))
        _, status = os.waitpid(child, 0)
        for file in (output, errors):
            file.seek(0)
        return os.waitstatus_to_exitcode(status), output.read(), errors.read()


def become(wish: Wish, files: tuple[IO[str], ...]) -> None:
    """The command; never returns."""
    status = 1
    try:
        signal.alarm(LIMIT)
        for number, file in enumerate(files):
            os.dup2(file.fileno(), number)
        os.environ.clear()
        os.environ.update(wish.environment)
        os.chdir(wish.place)
        sys.argv[:] = ["slackwater", *wish.words]
        main()
        status = 0
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else bool(end.code)
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


if __name__ == "__main__":
    serve()
