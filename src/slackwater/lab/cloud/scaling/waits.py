"""Lifecycle hooks in time: who waits, until when, and what a result or none at all leads to."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING
from uuid import uuid4

from slackwater.lab.cloud.scaling.books import Action, Group, Member, Values

if TYPE_CHECKING:
    from slackwater.lab.cloud.scaling.engine import Engine

LAUNCHING = "autoscaling:EC2_INSTANCE_LAUNCHING"
TERMINATING = "autoscaling:EC2_INSTANCE_TERMINATING"
LONGEST_WAIT = 172800.0
"""Seconds; a wait ends after 48 h or 100 heartbeats, whichever is smaller (API reference, LifecycleHook)."""
WAITING = ":Wait"
TIMED_OUT = "Heartbeat Timeout"
"""As the activity of a launch that is given up for it names it."""

Then = Callable[[Group, Member], None]


class Waits:
    """Every hook must continue before a member goes on; one ABANDON ends all waiting."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.ended: list[tuple[str, str, str]] = []

    def enter(self, group: Group, member: Member, transition: str, then: Then) -> None:
        """Holds the member in :Wait where the group has hooks for it; `then` follows its :Proceed."""
        hooks = [each for each in group.hooks.values() if each["LifecycleTransition"] == transition]
        member.next = then
        if not hooks or not self.engine.lifecycle:
            return self._proceed(group, member)
        member.actions = {each["LifecycleHookName"]: self._action(each) for each in hooks}
        member.activity["StatusCode"] = "MidLifecycleAction"
        self.engine.move(member, member.state + WAITING)
        for action in member.actions.values():
            self.engine.messages.waits(group, member, action)
        return None

    def complete(self, group: Group, member: Member, action: Action, result: str, why: str) -> None:
        """What was asked for and refused never comes here: `ended` has what the group has gone by."""
        self.ended.append((member.id, result, why))
        if result == "CONTINUE":
            del member.actions[action.hook["LifecycleHookName"]]
            if not member.actions:
                self._proceed(group, member)
        elif not member.is_leaving:
            self.engine.abandon(group, member, f"Lifecycle Action with token {action.token} was abandoned: {why}")
        elif _retains(group):
            member.actions.clear()
            self.engine.move(member, f"{member.pool}Terminating:Retained")
        else:
            self._proceed(group, member)

    def beat(self, action: Action) -> None:
        """The timeout begins anew, and never reaches beyond the global one."""
        action.deadline = min(self.engine.clock() + action.hook["HeartbeatTimeout"], action.last)

    def expire(self, group: Group, member: Member) -> None:
        for name, action in list(member.actions.items()):
            overdue = self.engine.clock() >= min(action.deadline, action.last)
            if overdue and member.actions.get(name) is action:
                self.complete(group, member, action, action.hook["DefaultResult"], TIMED_OUT)

    def _action(self, hook: Values) -> Action:
        beat, now = float(hook["HeartbeatTimeout"]), self.engine.clock()
        return Action(hook, str(uuid4()), now + beat, now + min(LONGEST_WAIT, 100 * beat))

    def _proceed(self, group: Group, member: Member) -> None:
        member.actions.clear()
        self.engine.move(member, member.state.removesuffix(WAITING) + ":Proceed")
        if member.next:
            member.next(group, member)


def _retains(group: Group) -> bool:
    triggers = group.settings.get("InstanceLifecyclePolicy", {}).get("RetentionTriggers", {})
    return bool(triggers.get("TerminateHookAbandon") == "retain")
