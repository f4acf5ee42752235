"""What is said to AWS during a leave: heartbeats, target groups, the last word to the scaling group; and memory.

Two threads do it, so that an API that hangs holds up nothing on the host, and no other one the group's own.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path

from ..signed import Aws, RefusedError
from . import backlog, hook
from .around import Surroundings
from .hook import Hook
from .leave import Leave, State
from .memory import used_percent
from .orders import Orders
from .rules import Rules
from .seen import Gate
from .targets import Targets
from .threads import repeat
from .told import Group

CALL = 6.0
"""Seconds for one call and what is tried again of it: the next heartbeat must not be late because of it."""
LEAST = 1.0
"""Seconds for a last attempt of one: more would make it late, too."""
LOOK, IDLE = 1.0, 30.0
"""Seconds between two looks at what is to be said, while the host leaves and while it serves."""
AGAIN = 3.0
"""Seconds until AWS is asked again what it has not taken."""
HOOKS = 30.0
"""Seconds between two questions, while the host leaves, which hook the group waits on and how long."""
PUBLISH = 60.0
"""Seconds between two values of memory; CloudWatch keeps one a minute."""
TARGETS = "target groups"
NAMESPACE, MEMORY = "Slackwater", "memory_used_percent"
NO_ACTION = re.compile(r"No active Lifecycle Action", re.IGNORECASE)
WAITS = {"Terminating", "Terminating:Wait", "Pending", "Pending:Wait", "InService", "Warmed:Terminating",
         "Warmed:Terminating:Wait"}  # fmt: skip
"""States in which the group may still begin to wait for the word; past them nobody does."""


class Cloud:
    """`aws` has the deadline "never". What has become of it stands in its attributes.

    `counted` is where a worker host's own workers write what waits.
    """

    def __init__(
        self, aws: Aws, instance: str, group: Group, rules: Rules, around: Surroundings, *, counted: Path | None = None
    ) -> None:
        self._aws, self._group, self._rules, self._counted = aws, group, rules, counted
        self._clock, self._behind, self._log = around.clock, around.behind, around.log
        self._me = {"InstanceId": instance, "AutoScalingGroupName": group.name}
        self.targets = Targets(lambda: self._aws.within(CALL), instance, group, around)
        self.completed, self.beats, self.failures = "", 0, 0
        self._errors: dict[str, str] = {}
        self._hook = Hook(str(group.hook), rules.heartbeat)
        self._beaten = self._asked = self._published = float("-inf")
        self._again: dict[str, float] = {}
        self._now: tuple[Leave, Orders] | None = None
        self._wakes = (threading.Event(), threading.Event())

    @property
    def error(self) -> str:
        """What AWS does not take, and why; empty when it takes all."""
        return "; ".join(dict(self._errors).values())

    def begin(self) -> None:
        for look, wake in zip((self.tell, self.keep_up), self._wakes, strict=True):
            repeat(partial(self._once, look, wake), "what AWS is told", self._log)

    def told(self, leave: Leave, orders: Orders) -> None:
        """What stands now."""
        before, self._now = self._now, (leave, orders)
        if before is None or (before[0].groups, before[1]) != (leave.groups, orders):
            self._again.pop(TARGETS, None)
            for wake in self._wakes:
                wake.set()

    def look(self) -> None:
        """Says all that is due, and nothing before it knows how the leave stands."""
        self.tell()
        self.keep_up()

    def tell(self) -> None:
        """To the scaling group: what keeps it waiting, and that it need not wait any more."""
        if self._now is None:
            return
        _, orders = self._now
        if orders.beat and self._clock() >= self._beaten + self._hook.heartbeat / 2:
            self._attempt("heartbeat", self._beat)
        if (orders.beat or orders.complete) and self._clock() >= self._asked + HOOKS:
            self._asked = self._clock()
            self._ask_hook()
        if orders.complete and not self.completed:
            self._attempt("completion", self._complete)

    def keep_up(self) -> None:
        """Target groups, and memory while there is nothing more urgent."""
        if self._now is None:
            return
        leave, orders = self._now
        if orders.away:
            self._attempt(TARGETS, lambda: self.targets.leave(leave))
        elif leave.state is State.SERVING and orders.gate is Gate.OPEN:
            self._attempt(TARGETS, lambda: self.targets.come_back(leave.groups))
        if leave.state is State.SERVING and self._clock() >= self._published + PUBLISH:
            self._published = self._clock()
            self._attempt("memory", lambda: self._publish(MEMORY, used_percent(), "Percent"))
            self._attempt("backlog", self._publish_backlog)

    def _attempt(self, what: str, work: Callable[[], None]) -> None:
        if self._clock() < self._again.get(what, float("-inf")):
            return
        self._again[what] = self._clock() + AGAIN
        try:
            work()
        except RefusedError as error:
            self.failures += 1
            said = f"{what}: {error}"
            if said != self._errors.get(what):
                self._log(said)
            self._errors[what] = said
        else:
            self._errors.pop(what, None)

    def _ask_hook(self) -> None:
        """An instance outlives the declaration that it was launched by; who may not ask goes by that one."""
        try:
            found = hook.found(
                self._scaling("DescribeLifecycleHooks", AutoScalingGroupName=self._group.name), self._hook
            )
        except RefusedError as error:
            self._log(f"which hook the group waits on is not known, it is taken for {self._hook.name}: {error}")
            return
        if found != self._hook:
            self._log(f"the group waits on {found.name} for {found.heartbeat:.0f} s, not as at the launch")
            self._hook, self._beaten = found, float("-inf")

    def _beat(self) -> None:
        """One that comes before the group waits is refused, and no fault: the next look tries again."""
        try:
            self._scaling("RecordLifecycleActionHeartbeat", LifecycleHookName=self._hook.name, **self._me)
        except RefusedError as error:
            if not NO_ACTION.search(error.said):
                raise
            return
        self._beaten = self._clock()
        self.beats += 1

    def _complete(self) -> None:
        """Without an active action the word is for nobody, or too early: the group's own books say which."""
        word = {"LifecycleHookName": self._hook.name, "LifecycleActionResult": "CONTINUE"}
        try:
            self._scaling("CompleteLifecycleAction", **word, **self._me)
        except RefusedError as error:
            if not NO_ACTION.search(error.said):
                raise
            state = self._state()
            if state in WAITS:
                return
            self.completed = f"nobody waits any more: {state or 'the group does not know the instance'}"
        else:
            self.completed = "completed: CONTINUE"
        self._log(self.completed)

    def _state(self) -> str:
        """Empty when the group does not know the instance any more."""
        said = self._scaling("DescribeAutoScalingInstances", **{"InstanceIds.member.1": self._me["InstanceId"]})
        found = re.search(r"<LifecycleState>([^<]*)</LifecycleState>", said)
        return found[1] if found else ""

    def _scaling(self, action: str, **arguments: str) -> str:
        return self._aws.within(CALL).scaling(action, **arguments)

    def _publish_backlog(self) -> None:
        waiting = backlog.waiting(self._counted, self._clock() + self._behind()) if self._counted else None
        if waiting is not None:
            value = backlog.per_instance(waiting, self._scaling, self._group.name)
            self._publish(backlog.METRIC, value, "Count")

    def _publish(self, metric: str, value: float, unit: str) -> None:
        """Of the group, for a policy of the group: CloudWatch takes the mean of its instances."""
        values = {"MetricName": metric, "Value": f"{value:.1f}", "Unit": unit}
        dimension = {"Dimensions.member.1.Name": "AutoScalingGroupName", "Dimensions.member.1.Value": self._group.name}
        data = {f"MetricData.member.1.{key}": value for key, value in {**values, **dimension}.items()}
        self._aws.within(CALL).query("monitoring", "2010-08-01", "PutMetricData", Namespace=NAMESPACE, **data)

    def _once(self, look: Callable[[], None], wake: threading.Event) -> None:
        look()
        leave = self._now[0] if self._now else Leave()
        wake.wait(IDLE if leave.state is State.SERVING and not leave.groups else LOOK)
        wake.clear()
