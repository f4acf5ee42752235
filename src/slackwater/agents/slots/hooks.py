"""Hooks of a slot: a command of the app's before or after its release, as a unit of systemd with the app's sandbox."""

from __future__ import annotations

import subprocess

from . import systemd
from .credentials import provide
from .failures import SlotsError
from .layout import Layout
from .locks import lock
from .running import facts

KILL_TIMEOUT = 15
"""Seconds beyond a hook's own time: systemd ends it then, and kills what does not go."""


class HookError(SlotsError):
    """The hook failed or took too long."""


def run_hook(layout: Layout, slot: str, hook: str) -> str:
    """Runs it and waits; returns a word for the operator. Raises HookError with the hook's own last lines.

    One whose caller died goes on in systemd: asked again, this waits for it and does not start it twice.
    """
    limit = float(facts(layout, slot)["hook_timeout"])
    unit = layout.hook_unit(slot, hook)
    if not (layout.units / unit).exists():
        return f"no hook {hook}"
    with lock(layout, "switch"):
        provide(layout, slot)
        systemd.systemctl("daemon-reload")
        try:
            systemd.systemctl("start", unit, timeout=limit + KILL_TIMEOUT + systemd.START_TIMEOUT)
        except subprocess.CalledProcessError as error:
            raise HookError(_why(unit, slot, hook, limit, error.stderr)) from error
    return f"{hook} of {slot} done"


def _why(unit: str, slot: str, hook: str, limit: float, said: str) -> str:
    found = systemd.show(unit, "Result", "ExecMainStatus")
    lines = systemd.lines_of_run(unit)
    systemd.forget_failure(unit)
    match found.get("Result"):
        case "timeout":
            why = f"took longer than {limit:g} s (App.hook_timeout) and was ended"
        case "exit-code":
            why = f"failed with exit status {found.get('ExecMainStatus')}"
        case result:
            why = f"failed: {result}"
    return f"{hook} of {slot} {why}\n{lines or said.strip()}"
