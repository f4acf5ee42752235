"""Lifecycle hooks and the actions that wait on them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from slackwater.lab.cloud.errors import AwsError, invalid
from slackwater.lab.cloud.scaling.books import Action, Books, Group, Member, Values
from slackwater.lab.cloud.scaling.engine import Engine
from slackwater.lab.cloud.scaling.messages import Mail
from slackwater.lab.cloud.scaling.waits import LAUNCHING, LONGEST_WAIT, TERMINATING

SHORTEST, LONGEST, DEFAULT = 30, 7200, 3600
"""Seconds a heartbeat may be (API reference, PutLifecycleHook)."""
MOST = 50
"""Hooks a group may have."""
KEPT = ("LifecycleHookName", "LifecycleTransition", "NotificationTargetARN", "RoleARN", "NotificationMetadata")
RESULTS = ("CONTINUE", "ABANDON")
COMPLETED = "Lifecycle Action Completed with {} Result"


class Hooks:
    """`shortest` is AWS's 30 s unless a test wants hooks that time out before it ends."""

    def __init__(self, books: Books, engine: Engine, mail: Mail, shortest: int = SHORTEST) -> None:
        self.books, self.engine, self.mail, self.shortest = books, engine, mail, shortest

    def put_lifecycle_hook(self, asked: Values) -> None:
        self.keep(self.books.group(asked["AutoScalingGroupName"]), asked)

    def describe_lifecycle_hooks(self, asked: Values) -> Mapping[str, Any]:
        group = self.books.group(asked["AutoScalingGroupName"])
        wanted = asked.get("LifecycleHookNames", [])
        return {"LifecycleHooks": [hook for name, hook in group.hooks.items() if not wanted or name in wanted]}

    def delete_lifecycle_hook(self, asked: Values) -> None:
        """Its outstanding actions end first: ABANDON for launching members, CONTINUE for leaving ones."""
        group, name = self.books.group(asked["AutoScalingGroupName"]), asked["LifecycleHookName"]
        if name not in group.hooks:
            raise invalid(f"No Lifecycle Hook found with name {name} in group {group.name}")
        result = "ABANDON" if group.hooks[name]["LifecycleTransition"] == LAUNCHING else "CONTINUE"
        del group.hooks[name]
        for member in group.everyone():
            if action := member.actions.get(name):
                self.engine.waits.complete(group, member, action, result, "Lifecycle Hook Deleted")

    def complete_lifecycle_action(self, asked: Values) -> None:
        if asked["LifecycleActionResult"] not in RESULTS:
            raise invalid(f"The lifecycle action result must be one of {', '.join(RESULTS)}")
        result = asked["LifecycleActionResult"]
        self.engine.waits.complete(*self._find(asked), result, COMPLETED.format(result))

    def record_lifecycle_action_heartbeat(self, asked: Values) -> None:
        _, _, action = self._find(asked)
        self.engine.waits.beat(action)

    def keep(self, group: Group, asked: Values) -> None:
        """What is not passed keeps its value when the hook is there already."""
        before: Values = group.hooks.get(asked["LifecycleHookName"], {})
        new: Values = {**before, **{name: asked[name] for name in KEPT if name in asked}}
        defaults = {"HeartbeatTimeout": DEFAULT, "DefaultResult": "ABANDON"}
        for name, value in defaults.items():
            new[name] = asked.get(name, before.get(name, value))
        self._check(group, new)
        if target := asked.get("NotificationTargetARN"):
            self.mail.try_out(group, target)
        limit = min(int(LONGEST_WAIT), 100 * new["HeartbeatTimeout"])
        group.hooks[asked["LifecycleHookName"]] = {**new, "AutoScalingGroupName": group.name, "GlobalTimeout": limit}

    def _check(self, group: Group, hook: Values) -> None:
        if not self.shortest <= hook["HeartbeatTimeout"] <= LONGEST:
            raise invalid(f"HeartbeatTimeout must be between {SHORTEST} and {LONGEST} seconds")
        if hook.get("LifecycleTransition") not in (LAUNCHING, TERMINATING):
            raise invalid(f"LifecycleTransition must be {LAUNCHING} or {TERMINATING}")
        if hook["DefaultResult"] not in RESULTS:
            raise invalid(f"DefaultResult must be one of {', '.join(RESULTS)}")
        if hook["LifecycleHookName"] not in group.hooks and len(group.hooks) >= MOST:
            raise AwsError("LimitExceeded", f"A group has at most {MOST} lifecycle hooks")

    def _find(self, asked: Values) -> tuple[Group, Member, Action]:
        group = self.books.group(asked["AutoScalingGroupName"])
        identity, token = asked.get("InstanceId"), asked.get("LifecycleActionToken")
        for member in group.everyone():
            action = member.actions.get(asked["LifecycleHookName"])
            if action and (token == action.token if token else identity == member.id):
                return group, member, action
        sought = f"token {token}" if token else f"instance ID {identity}"
        raise invalid(f"No active Lifecycle Action found with {sought}")
