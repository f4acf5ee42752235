"""A new instance provisions itself: bundle, environment, converge, proof; under one deadline, with heartbeats.

`python3 -m agents.bootstrap [ROOT]` reads ROOT/etc/slackwater/instance.json, which user-data wrote, and needs nothing
but Python. Whatever fails, the group hears of it, and the reason is in the store when the instance is gone.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from . import arrival
from .metadata import Metadata
from .provision import StepError, Steps, since_first
from .signed import Aws, RefusedError

KEPT_LINES = 60
ROUNDS = 3
"""Converges because another release was proved meanwhile: a fourth in a row is a fault, not news."""


class Boot:
    """One instance's way into service. `phases` are seconds by step, `log` the last lines of what ran."""

    def __init__(self, root: Path, told: Mapping[str, Any]) -> None:
        self.told, self.state, self.home = told, root / "var/lib/slackwater", root / "opt/slackwater/self"
        self.step, self.phases, self.log = "metadata", dict[str, float](), deque[str](maxlen=KEPT_LINES)
        self.state.mkdir(parents=True, exist_ok=True)
        self.deadline = time.monotonic() + float(told["deadline"])
        self.aws = Aws(Metadata(), told["region"], told.get("endpoint"), self.deadline)
        self.instance = self.aws.metadata.instance()
        self.mark, self.note, self.console = self.state / "arrived", self.state / "bootstrap.json", root / "dev/console"
        self.deadline = self.aws.deadline = self.deadline - since_first(self.note, self.instance)

    def run(self) -> int:
        """Exit status: 0 in service, or there before."""
        if self.mark.exists() and self.mark.read_text() == self.instance:
            return 0
        threading.Thread(target=self._beat, daemon=True).start()
        reason, release = "", None
        try:
            release = self._provision()
        except Exception as error:  # whatever it is: who says nothing keeps the group waiting, and nobody learns why
            foreseen = isinstance(error, (StepError, RefusedError, arrival.UnprovedError))
            reason = str(error) if foreseen else f"{type(error).__name__}: {error}"
        if reason:
            self._on_console(f"gave up at {self.step}: {reason}")
        end = arrival.End(self.instance, self.step, reason, release, self.phases, list(self.log))
        (arrival.give_up if reason else arrival.report)(self.aws, self.told, end)
        self.note.unlink(missing_ok=True)
        return 1 if reason else 0

    def _provision(self) -> str | None:
        if time.monotonic() > self.deadline:
            raise StepError("it was started again after its deadline")
        steps = Steps(self.home, self.aws, self.deadline, self._say)
        with self._timed("bundle"):
            bundle = steps.bundle(self.told["bundle"])
        with self._timed("environment"):
            environment = steps.environment(bundle)
        declared = json.loads((bundle / "declared.json").read_text())
        for left in reversed(range(ROUNDS)):
            with self._timed("converge"):
                steps.converge(bundle, environment)
            try:
                with self._timed("proof"):
                    release = arrival.arrive(self.aws, self.told, self.instance, declared, mark=self.mark)
                break
            except arrival.MovedError as error:
                if not left:
                    raise
                self._say(f"{error}: once more")
        steps.sweep(bundle)
        return release

    def _beat(self) -> None:
        """Until the deadline: then silence ends what nobody else has ended. Refused before the group waits for us."""
        pause = self.told["heartbeat"] / arrival.BEATS
        while self.told.get("launch_hook") and (began := time.monotonic()) < self.deadline:
            try:
                words = arrival.action(self.told, self.instance)
                self.aws.within(pause).scaling("RecordLifecycleActionHeartbeat", **words)
            except Exception as error:  # whatever it is: a thread that ends says nothing, and the group ends us
                self._on_console(f"no heartbeat: {error}")
            time.sleep(max(0.0, began + pause - time.monotonic()))

    @contextmanager
    def _timed(self, step: str) -> Iterator[None]:
        self.step, began = step, time.monotonic()
        self._say(f"{step} …")
        try:
            yield
        finally:
            self.phases[step] = round(self.phases.get(step, 0) + time.monotonic() - began, 1)

    def _on_console(self, line: str) -> None:
        """`aws ec2 get-console-output` shows it, also of an instance whose role may not write to the store."""
        self._say(line)
        with suppress(OSError), self.console.open("a") as console:
            console.write(f"slackwater-bootstrap: {line}\n")

    def _say(self, line: str) -> None:
        self.log.append(line)
        print(line, flush=True)


def main() -> None:
    root = Path(sys.argv[1] if len(sys.argv) > 1 else "/")
    sys.exit(Boot(root, json.loads((root / "etc/slackwater/instance.json").read_text())).run())


if __name__ == "__main__":
    main()
