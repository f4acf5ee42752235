"""The app's and its workers' units: which of them run, and their stop and start. More than these it may not touch."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Sequence

from ..slots import systemd
from ..slots.layout import Layout
from .around import Surroundings
from .orders import WORKERS

TIMEOUT = 10.0
"""Seconds for systemctl itself, which asks or hands over a job; a manager that hangs must not hold up the leave."""
HOOKS = "slackwater-drain-hooks.service"
WORKERS_UNITS = f"{WORKERS}*@*"
FAILED = "failed"
ENDED = {"inactive", FAILED}
UNSETTLED = ENDED | {"activating", "deactivating"}
"""A unit that still stops is listed as long as its last request takes: nobody must be sent to it."""
AGAIN = 5.0
"""Seconds until a job is asked for again: the manager may have refused it, and one that is at work is not disturbed."""


UNCLEAR = {"", "offline", "unknown"}
"""What systemctl says of a machine when it cannot ask the manager."""


class Units:
    """`starting` is since when systemd has the start that was last asked for; None while none is wanted."""

    def __init__(self, layout: Layout | None, around: Surroundings) -> None:
        self._layout, self._clock, self._log = layout, around.clock, around.log
        self._asked: dict[str, float] = {}
        self.starting: float | None = None

    def app(self) -> frozenset[str] | None:
        """Those that run or try to; None when systemd does not say."""
        return self._in(self._app, _has_not_ended)

    def workers(self) -> frozenset[str] | None:
        return self._in([WORKERS_UNITS], _has_not_ended)

    def failed(self) -> frozenset[str] | None:
        """Workers that systemd had to kill, or that say themselves that they could put nothing back."""
        return self._in([WORKERS_UNITS], lambda state: state == FAILED)

    def running(self) -> frozenset[str] | None:
        """Those of either that neither start nor stop; None when systemd does not say."""
        return self._in([*self._app, WORKERS_UNITS], lambda state: state not in UNSETTLED)

    def stop(self, names: Sequence[str]) -> None:
        self._ask("stop", names)

    def start(self, names: Sequence[str]) -> None:
        """A stop that is not at work yet is called off by it; one that is at work is waited for."""
        wanted = self.wanted(names)
        if not wanted:
            self.starting = None
        elif self._ask("start", wanted) and self.starting is None:
            self.starting = self._clock()

    def hooks(self) -> None:
        self._ask("start", [HOOKS])

    def wanted(self, names: Sequence[str]) -> list[str]:
        """A slot that was replaced meanwhile is not brought back; the live one is the one on the disk."""
        if not names:
            return []
        others = [name for name in names if name.startswith(WORKERS)]
        live = self._layout.live_slot() if self._layout else None
        if self._layout is None or live is None:
            return [] if self._is_worker else others
        if not self._is_worker:
            return [*self._layout.units_of(live), *others]
        # The slot's own settings are not for this agent to read; its units are, and there is a beat where one belongs.
        beat = self._layout.beat(live)
        return [self._layout.unit(live, "service"), *([beat] if (self._layout.units / beat).exists() else [])]

    @property
    def _app(self) -> list[str]:
        return [f"slackwater-{self._layout.app}@*"] if self._layout and not self._is_worker else []

    @property
    def _is_worker(self) -> bool:
        return self._layout is not None and self._layout.is_worker

    def _in(self, patterns: Sequence[str], is_meant: Callable[[str], bool]) -> frozenset[str] | None:
        """Units whose state is meant."""
        try:
            states = [pair for pattern in patterns for pair in systemd.unit_states(pattern, TIMEOUT).items()]
        except (OSError, subprocess.SubprocessError) as error:
            self._log(f"systemd does not say which of {', '.join(patterns)} run: {error}")
            return None
        return frozenset(unit for unit, state in states if is_meant(state))

    def _ask(self, verb: str, names: Sequence[str]) -> bool:
        """Whether systemd has taken it now."""
        key = f"{verb} {' '.join(names)}"
        if not names or self._clock() < self._asked.get(key, float("-inf")) + AGAIN:
            return False
        self._asked = {key: self._clock()}
        self._log(f"{verb} {', '.join(names)}")
        try:
            systemd.systemctl(verb, "--no-block", "--no-ask-password", *names, timeout=TIMEOUT)
        except subprocess.CalledProcessError as error:
            self._log(f"systemd refuses: {error.stderr.strip()}")
        except (OSError, subprocess.SubprocessError) as error:
            self._log(f"systemd does not answer: {error}")
        else:
            return True
        return False


def _has_not_ended(state: str) -> bool:
    return state not in ENDED


def is_going_down() -> bool | None:
    """Whether the machine itself stops or reboots; the stop of this agent alone says nothing of the kind.

    None when systemd does not say: on a machine that goes down it may take long to answer.
    """
    try:
        done = subprocess.run(
            ["systemctl", "is-system-running"], capture_output=True, text=True, timeout=TIMEOUT, check=False
        )
    except (OSError, subprocess.SubprocessError):
        return None
    said = done.stdout.strip()
    return None if said in UNCLEAR else said == "stopping"
