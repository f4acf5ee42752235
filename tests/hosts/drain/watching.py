"""What a host's agent says of itself, change by change, and what is done there at the very moment of one."""

from __future__ import annotations

import json
import shlex
import subprocess
import threading
from collections.abc import Callable
from typing import Any

from slackwater.lab import LabHost

PAGE = "/run/slackwater-drain/state.json"
SCRIPT = f"""
import json, subprocess, sys, time
at, command, seconds = sys.argv[1], sys.argv[2], float(sys.argv[3])
end, last, is_done = time.time() + seconds, None, False
print("{{}}", flush=True)
while time.time() < end:
    try:
        with open("{PAGE}") as file:
            now = json.load(file)
    except (OSError, ValueError):
        now = None
    if now:
        step = now["step"] or ("held" if now["is_held"] else now["state"])
        seen = {{"state": now["state"], "step": step, "cut": now["cut"], "said": now["completed"],
                "causes": [one["cause"] for one in now["causes"]]}}
        if seen != last:
            print(json.dumps({{**seen, "left": now["left"]}}), flush=True)
            last = seen
        if step == at and not is_done:
            is_done = True
            print(json.dumps({{"met": now["step"]}}), flush=True)
            if command:
                subprocess.run(command, shell=True)
    time.sleep(0.01)
"""


class Watch:
    """Runs on the host from the constructor on; once, at the step `at`: `here` in its shell and `there` beside it.

    `trace` has what the agent said; `is_met` whether the step was met. A host that goes down ends it.
    """

    def __init__(
        self, host: LabHost, at: str = "", here: str = "", there: Callable[[], None] = lambda: None, limit: float = 300
    ) -> None:
        self.trace: list[dict[str, Any]] = []
        self.is_met, self.error = False, ""
        self._there, self._begun = there, threading.Event()
        words = f"python3 -c {shlex.quote(SCRIPT)} {at or '-'} {shlex.quote(here)} {limit:g}"
        self._process = subprocess.Popen(
            [*host.ssh_command(), words],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()
        assert self._begun.wait(60), "the host cannot be watched"

    def steps(self) -> list[str]:
        """In the order in which they were met, each change once."""
        return [one["step"] for one in self.trace]

    def cut(self) -> list[str]:
        return next((one["cut"] for one in reversed(self.trace) if one["cut"]), [])

    def left(self, cause: str) -> list[float]:
        """Seconds until the deadline, at each change from that cause on; none where nothing more is waited for."""
        return [one["left"] for one in self.trace if cause in one["causes"] and one["left"] is not None]

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait()
        self._thread.join(10)

    def _read(self) -> None:
        assert self._process.stdout
        for line in self._process.stdout:
            self._take(line)
            self._begun.set()

    def _take(self, line: str) -> None:
        if not line.startswith("{"):
            self.error = line
            return
        found = json.loads(line)
        if "met" in found:
            self.is_met = True
            self._there()
        elif found:
            self.trace.append(found)
