"""The agent: what is seen goes into the state machine, what it orders is done; and that again and again."""

from __future__ import annotations

import json
import subprocess
import threading
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ..files import write_whole
from ..metadata import Metadata
from ..slots.counters import in_flight, is_absent
from ..slots.layout import Layout
from . import files, gate
from .around import Surroundings
from .balancers import Balancers
from .causes import CAUSES, Notice
from .core import advance, is_held
from .leave import Leave, State, Step
from .notify import Systemd
from .orders import Orders, orders
from .page import View
from .readings import NONSENSE, Readings
from .seen import Gate, Look, Seen
from .told import Group, Told
from .units import Units, is_going_down

if TYPE_CHECKING:
    from .cloud import Cloud

IDLE, BUSY = 1.0, 0.25
"""Seconds between two looks: at the operator's wish while it serves, at everything while it leaves."""
WRITE = 10.0
"""Seconds until how it stands is written again although nothing has changed."""
KEEP = 5.0
"""Seconds until a disk that has refused the leave is asked again."""
LOOKS = 1.0
"""Seconds between two counts of what is in flight."""


class Agent:
    """Raises OSError when its own directories are not there."""

    def __init__(self, told: Told, metadata: Metadata, systemd: Systemd, around: Surroundings) -> None:
        self._told, self._systemd, self._around = told, systemd, around
        self._clock, self._boot, self._log = around.clock, around.boot, around.log
        self._wake, self._ends = threading.Event(), False
        self.leave = files.load(told, files.stamp(self._clock(), self._boot))
        self.seen = Seen()
        self._metadata = metadata
        self._readings = Readings(metadata, told.rules, around, self._wake.set)
        self._balancers = Balancers(told.run, around)
        name = told.app.name if told.app else told.worker
        layout = Layout(name, told.root) if name else None
        self._units = Units(layout, around)
        self._cloud: Cloud | None = None
        self._own: dict[str, Notice | None] = {}
        self._unread = ""
        self._kept: Leave | None = None
        self._refused = float("-inf")
        self._written = float("-inf")
        self._shown: dict[str, Any] = {}

    def run(self) -> None:
        """Until it is told to stop; at the machine's end until it has drained."""
        self._balancers.begin()
        self._readings.begin()
        if self._told.group:
            threading.Thread(target=self._join, args=(self._told.group,), daemon=True).start()
        while True:
            self.look()
            self._systemd.ready()
            self._systemd.alive()
            if self._ends and self._may_end():
                break
            self._wake.wait(IDLE if self.leave.state in {State.SERVING, State.DONE} else BUSY)
            self._wake.clear()
        self._systemd.stopping()

    def end(self) -> None:
        """As SIGTERM asks; at the machine's end not before it has drained.

        It may come in the middle of the loop's own wait, whose lock is no second time to be had: the loop looks anyway.
        """
        self._ends = True

    def look(self) -> None:
        """Once: sees, decides, writes it down, and only then acts."""
        before = self.leave
        self._see()
        now = self._clock()
        self.leave = advance(self.leave, self.seen, now, self._told.rules)
        self._keep(before)
        wanted = orders(self.leave, now, self._told.rules)
        self._act(wanted)
        self._note_balancers()
        self._show(now)

    def _join(self, group: Group) -> None:
        """The instance's name may be known late. What speaks to AWS takes memory that others need not pay."""
        from ..signed import Aws
        from .cloud import LEAST, Cloud

        aws = Aws(self._metadata, group.region, group.endpoint, float("inf"), new_role=0.0, least=LEAST)
        cloud = Cloud(aws, self._metadata.instance(), group, self._told.rules, self._around, counted=self._told.counted)
        cloud.begin()
        self._cloud = cloud

    def _may_end(self) -> bool:
        """A restart of this agent ends at once; the machine's own end is a cause like another.

        As long as systemd does not say which of them it is, it is asked again: the gate must not be left open.
        """
        if not self._own.get("shutdown"):
            going = is_going_down()
            if going is not True:
                return going is False
            self._own["shutdown"] = CAUSES["shutdown"].notice(self._boot, self._clock(), self._told.rules, self._boot)
            return False
        return is_held(self.leave) or self.leave.state is State.DONE

    def _see(self) -> None:
        self._ask_operator()
        leave = self.leave
        seen = Seen(notices={**self._readings.notices, **self._own})
        if leave.state not in {State.SERVING, State.DONE} or leave.stopped:
            seen = self._local(seen)
        if self._cloud:
            targets = self._cloud.targets
            word = self._cloud.completed
            seen = replace(seen, off=targets.off, groups=targets.own, back=targets.back, completed=word)
        self.seen = seen

    def _local(self, seen: Seen) -> Seen:
        """Only what the step waits for: each costs a question."""
        leave, step = self.leave, self.leave.step
        seen = replace(seen, look=self._count() if step is Step.QUIET else self.seen.look)
        if step is Step.GATE:
            seen = replace(seen, gate=gate.answer(self._told.app))
        if step in {Step.GATE, Step.BALANCERS}:
            unaware = self._balancers.unaware(leave.began or 0.0)
            seen = replace(seen, unaware=unaware, listening=self._balancers.since)
        if step in {Step.STOP, Step.WORKERS}:
            seen = replace(seen, app=self._units.app(), workers=self._units.workers())
        if step is Step.WORKERS:  # after the question who runs: of those that have ended it is known how
            seen = replace(seen, failed=self._units.failed())
        if leave.state is State.SERVING:
            wanted = frozenset(self._units.wanted(leave.stopped))
            seen = replace(seen, running=self._units.running(), wanted=wanted, starting=self._units.starting)
        if step is Step.HOOKS:
            seen = replace(seen, hooked=(files.document(self._told.hooked) or {}).get("leave"))
        return seen

    def _count(self) -> Look | None:
        """nginx that does not run has nothing in flight; one that only does not answer may have a lot."""
        last, now = self.seen.look, self._clock()
        if last and now < last.at + LOOKS:
            return last
        found = in_flight(self._told.nginx)
        if found is None and is_absent(self._told.nginx) and gate.answer(self._told.app) is Gate.ABSENT:
            found = 0
        return last if found is None else Look(now, found)

    def _ask_operator(self) -> None:
        """A wish that cannot be read is unknown, not over: nothing changes, and it is said once."""
        error = ""
        try:
            text = self._told.wish.read_text()
            self._own["operator"] = CAUSES["operator"].notice(text, self._clock(), self._told.rules, self._boot)
        except FileNotFoundError:
            self._own["operator"] = None
        except (OSError, *NONSENSE) as wrong:
            error = f"{self._told.wish} cannot be read: {wrong!r}; nothing changes"
            self._own.pop("operator", None)
        if error and error != self._unread:
            self._log(error)
        self._unread = error

    def _keep(self, before: Leave) -> None:
        """A disk that is full must not stop a leave; only a restart would have to begin it anew.

        Written at the start, too: what a boot has ended must not be found there by root's hooks.
        """
        is_new = self.leave != before or self._refused == float("-inf")
        if self.leave == self._kept or not (is_new or self._clock() >= self._refused + KEEP):
            return
        for change in self.leave.history:
            if change not in before.history:
                self._log(f"{change.state}: {change.why}")
        for line in self.leave.cut:
            if line not in before.cut:
                self._log(line)
        try:
            files.keep(self._told, self.leave, files.stamp(self._clock(), self._boot))
        except OSError as error:
            if is_new:
                self._log(f"{self._told.leave} cannot be written: {error}")
            self._refused = self._clock()
        else:
            self._kept = self.leave

    def _note_balancers(self) -> None:
        try:
            self._balancers.keep()
        except OSError as error:
            self._log(f"who asks cannot be written: {error}")

    def _act(self, wanted: Orders) -> None:
        try:
            gate.put(self._told.flag, wanted.gate)
        except OSError as error:
            self._log(f"the gate cannot be set: {error}")
        self._units.stop(wanted.stop)
        self._units.start(wanted.start)
        if wanted.hooks:
            self._units.hooks()
        if self._cloud:
            self._cloud.told(self.leave, wanted)

    def _show(self, now: float) -> None:
        """Written when it has changed, and every ten seconds: whoever looks sees that it lives."""
        view = View(self.leave, self.seen, self._told.rules, self._readings.counts, self._cloud, now)
        state = view.state()
        shown = {**state, "at": None, "left": None}
        if shown == self._shown and now < self._written + WRITE:
            return
        self._shown, self._written = shown, now
        try:
            write_whole(self._told.run / "state.json", json.dumps(state) + "\n", lasting=False)
            write_whole(self._told.run / "metrics.prom", view.metrics(), lasting=False)
        except (OSError, subprocess.SubprocessError) as error:
            self._log(f"how it stands cannot be written: {error}")
        self._systemd.status(f"{self.leave.state}{f', {self.leave.step}' if self.leave.step else ''}")
