"""Instance refreshes. In a cloud without time a describe shows how one stands and then moves it on by one step."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from uuid import uuid4

from slackwater.lab.cloud.errors import AwsError, invalid
from slackwater.lab.cloud.scaling import checks
from slackwater.lab.cloud.scaling.books import IN_SERVICE, Books, Group, Member, Values, page
from slackwater.lab.cloud.scaling.engine import Engine
from slackwater.lab.cloud.scaling.groups import merged
from slackwater.lab.cloud.scaling.refresh import (
    LONGEST_PATIENCE,
    MOVING,
    PATIENCE,
    Refresh,
    Status,
    is_exempt,
    snapshot,
)
from slackwater.lab.cloud.scaling.warming import READY

DEFAULTS: Values = {
    "MinHealthyPercentage": 90,
    "MaxHealthyPercentage": 100,
    "SkipMatching": False,
    "AutoRollback": False,
    "ScaleInProtectedInstances": "Ignore",
    "StandbyInstances": "Ignore",
}
"""API reference, RefreshPreferences."""
CAUSE = "an instance refresh replaces instances"
NEEDED = {"InstanceRefresh", "Launch", "Terminate"}
"""With any of these processes suspended nobody is replaced (user guide, "Suspend and resume processes")."""


class Refreshes:
    """`alarms` says which of the named CloudWatch alarms are in ALARM."""

    def __init__(self, books: Books, engine: Engine, checker: checks.Checks, cloudwatch: Callable[[], Any]) -> None:
        self.books, self.engine, self.checker, self._cloudwatch = books, engine, checker, cloudwatch

    def start_instance_refresh(self, asked: Values) -> Mapping[str, Any]:
        group = self.books.group(asked["AutoScalingGroupName"])
        if self._active(group):
            text = "An Instance Refresh is already in progress and blocks the execution of this Instance Refresh."
            raise AwsError("InstanceRefreshInProgress", text)
        preferences = _preferences(group, asked)
        desired = asked.get("DesiredConfiguration")
        if desired:
            self.checker.template(group, desired)
        if preferences["AutoRollback"]:
            self._refuse_if_final(group, desired, "ValidationError")
        refresh = Refresh(str(uuid4()), group.name, preferences, desired, snapshot(group.settings), [])
        refresh.old = [each.id for each in group.members if self._is_old(each, group, refresh)]
        refresh.total = len(refresh.old)
        refresh.look_at(group)
        group.refreshes.insert(0, refresh)
        return {"InstanceRefreshId": refresh.id}

    def describe_instance_refreshes(self, asked: Values) -> Mapping[str, Any]:
        group, wanted = self.books.group(asked["AutoScalingGroupName"]), asked.get("InstanceRefreshIds", [])
        found = [each for each in group.refreshes if not wanted or each.id in wanted]
        some, more = page([each.described() for each in found], asked)
        if not self.engine.lifecycle:
            self.step(group)
        return {"InstanceRefreshes": some, "NextToken": more}

    def cancel_instance_refresh(self, asked: Values) -> Mapping[str, Any]:
        """Instances that were replaced stay replaced."""
        refresh = self._needed(asked)
        refresh.status, refresh.reason = Status.CANCELLING, "Cancelled by user"
        return {"InstanceRefreshId": refresh.id}

    def rollback_instance_refresh(self, asked: Values) -> Mapping[str, Any]:
        refresh, group = self._needed(asked), self.books.group(asked["AutoScalingGroupName"])
        if refresh.is_rolling_back:
            raise AwsError("IrreversibleInstanceRefresh", "The instance refresh is being rolled back already.")
        self._refuse_if_final(group, refresh.desired, "IrreversibleInstanceRefresh")
        self._go_back(group, refresh, "Rollback initiated by user")
        return {"InstanceRefreshId": refresh.id}

    def tick(self) -> None:
        """What time does."""
        if self.engine.lifecycle:
            for group in list(self.books.groups.values()):
                self.step(group)

    def step(self, group: Group) -> None:
        """Moves the active refresh on by as much as happens between two looks."""
        refresh = self._active(group)
        if refresh is None:
            return
        if refresh.status is Status.CANCELLING:
            refresh.finish(Status.CANCELLED)
        elif alarm := self._ringing(refresh):
            self._give_up(group, refresh, f"CloudWatch alarm {alarm} is in ALARM state.")
        elif refresh.status is Status.PENDING:
            refresh.status = Status.IN_PROGRESS
        elif refresh.status is Status.BAKING:
            if not self._holds(refresh):
                self._succeed(group, refresh)
        elif refresh.status in MOVING and not NEEDED & group.suspended.keys():
            self._move(group, refresh)
        if not refresh.is_active:
            group.surge = 0
            self.engine.reconcile(group)

    def _move(self, group: Group, refresh: Refresh) -> None:
        left = {each.id for each in group.members if not is_exempt(each, refresh.preferences)}
        refresh.old = [each for each in refresh.old if each in left]
        stuck = self._is_late(group, refresh) if self.engine.lifecycle else self._is_stuck(group, refresh)
        refresh.stalled += 1 if stuck else 0
        if refresh.stalled >= PATIENCE or self._is_out_of_patience(refresh):
            self._give_up(group, refresh, "Instances did not become healthy in time.")
        elif not stuck:
            self._go_on(group, refresh)

    def _go_on(self, group: Group, refresh: Refresh) -> None:
        if any(each.state not in (IN_SERVICE, "Standby") for each in group.members) or self._holds(refresh):
            return
        if self._warms_up(group, refresh):
            return
        if refresh.incoming:
            self._retire(group, refresh, len(refresh.incoming))
            refresh.incoming, group.surge = [], 0
        elif (reached := refresh.checkpoint()) is not None and refresh.old:
            refresh.held.add(reached)
            refresh.until = self.engine.clock() + refresh.preferences["CheckpointDelay"]
            refresh.reason = f"Waiting for checkpoint delay at {reached}% to elapse before continuing."
        elif refresh.old and not refresh.ends_here:
            self._replace(group, refresh)
        elif not self._renews_the_pool(group, refresh):
            self._complete(group, refresh)

    def _renews_the_pool(self, group: Group, refresh: Refresh) -> bool:
        """Those in the warm pool come after those in service."""
        there = [each for each in group.warm if not each.is_leaving]
        old = [each for each in there if each.id in refresh.warm and self._is_old(each, group, refresh)]
        for member in old:
            self.engine.terminate(group, member, CAUSE)
        if old:
            self.engine.warm_pool.fill(group)
        return any(each.state not in READY for each in group.warm)

    def _replace(self, group: Group, refresh: Refresh) -> None:
        if group.retry and self.engine.lifecycle and self.engine.clock() < group.retry[0]:
            return
        refresh.reason = None if not refresh.is_rolling_back else refresh.reason
        number, before = refresh.batch(group)
        if before:
            group.surge = number
        else:
            self._retire(group, refresh, number)
            number = group.desired - len(group.counted())
        launched = [self.engine.launch(group, CAUSE) for _ in range(number)]
        refresh.launched += [each.id for each in launched if each]
        refresh.incoming = [each.id for each in launched if each] if before else []
        refresh.stalled += 0 if all(launched) else 1
        if self.engine.lifecycle:
            self.engine.plan_retry(group, all(launched))
            if group.retry and refresh.stuck is None:
                refresh.stuck = self.engine.clock()

    def _retire(self, group: Group, refresh: Refresh, number: int) -> None:
        gone, refresh.old, refresh.stalled = refresh.old[:number], refresh.old[number:], 0
        refresh.stuck = None
        for member in [each for each in group.members if each.id in gone]:
            self.engine.terminate(group, member, CAUSE)

    def _is_stuck(self, group: Group, refresh: Refresh) -> bool:
        newcomers = [each for each in group.members if each.id in refresh.launched]
        lost = set(refresh.incoming) - {each.id for each in newcomers}
        short = len(group.counted()) < group.desired
        if short and not lost:
            made = [self.engine.launch(group, CAUSE) for _ in range(group.desired - len(group.counted()))]
            refresh.launched += [each.id for each in made if each]
            short = not all(made)
        return bool(lost) or short or any(each.health == "Unhealthy" for each in newcomers)

    def _is_late(self, group: Group, refresh: Refresh) -> bool:
        """In time: the group itself launches what is missing; meanwhile the refresh waits, an hour at most."""
        there = {each.id: each for each in group.members}
        refresh.launched = [each for each in there if each not in refresh.there]
        lost = [each for each in refresh.incoming if each not in there]
        refresh.incoming = [each for each in refresh.incoming if each in there]
        sick = any(there[each].health == "Unhealthy" for each in refresh.launched)
        late = sick or len(group.counted()) < group.desired
        if (late or lost) and refresh.stuck is None:
            refresh.stuck = self.engine.clock()
        if lost and not refresh.incoming:
            group.surge = 0
        return late

    def _is_out_of_patience(self, refresh: Refresh) -> bool:
        if not self.engine.lifecycle:
            return False
        refresh.stalled = 0
        return refresh.stuck is not None and self.engine.clock() - refresh.stuck >= LONGEST_PATIENCE

    def _holds(self, refresh: Refresh) -> bool:
        """At a checkpoint, or baking."""
        return self.engine.lifecycle and self.engine.clock() < refresh.until

    def _warms_up(self, group: Group, refresh: Refresh) -> bool:
        if not self.engine.lifecycle:
            return False
        default = group.settings.get("DefaultInstanceWarmup", group.settings["HealthCheckGracePeriod"])
        warm = self.engine.clock() - float(refresh.preferences.get("InstanceWarmup", default) or 0)
        return any(each.since > warm for each in group.members if each.id in refresh.launched)

    def _complete(self, group: Group, refresh: Refresh) -> None:
        if refresh.is_rolling_back:
            refresh.finish(Status.ROLLED_BACK)
        elif refresh.preferences.get("BakeTime"):
            refresh.status, refresh.until = Status.BAKING, self.engine.clock() + refresh.preferences["BakeTime"]
        else:
            self._succeed(group, refresh)

    def _succeed(self, group: Group, refresh: Refresh) -> None:
        """Only now does the group itself say what it was refreshed to."""
        if refresh.desired:
            group.settings = merged(group.settings, {**refresh.desired, "DesiredCapacity": group.desired})
        refresh.reason = None
        refresh.finish(Status.SUCCESSFUL)

    def _give_up(self, group: Group, refresh: Refresh, why: str) -> None:
        if refresh.is_rolling_back:
            refresh.finish(Status.ROLLBACK_FAILED, why)
        elif refresh.preferences["AutoRollback"]:
            self._go_back(group, refresh, why)
        else:
            refresh.finish(Status.FAILED, why)

    def _go_back(self, group: Group, refresh: Refresh, why: str) -> None:
        refresh.begin_rollback(why, group)
        group.surge = 0
        if not NEEDED & group.suspended.keys():
            self._retire(group, refresh, max(0, len(group.counted()) - group.desired))
        if self.engine.lifecycle:
            self.engine.reconcile(group)

    def _is_old(self, member: Member, group: Group, refresh: Refresh) -> bool:
        if is_exempt(member, refresh.preferences):
            return False
        template, version, overrides = self.engine.launcher.choose(group, refresh.wanted(group))
        same = (template.id, str(version.number)) == (member.template["LaunchTemplateId"], member.template["Version"])
        kind = overrides.get("InstanceType") or version.data.get("InstanceType")
        return not (refresh.preferences["SkipMatching"] and same and kind == member.type)

    def _ringing(self, refresh: Refresh) -> str | None:
        names = refresh.preferences.get("AlarmSpecification", {}).get("Alarms", [])
        if not names or refresh.is_rolling_back:
            return None
        found = self._cloudwatch().describe_alarms(AlarmNames=names, StateValue="ALARM")["MetricAlarms"]
        return str(found[0]["AlarmName"]) if found else None

    def _active(self, group: Group) -> Refresh | None:
        return next((each for each in group.refreshes if each.is_active), None)

    def _needed(self, asked: Values) -> Refresh:
        refresh = self._active(self.books.group(asked["AutoScalingGroupName"]))
        if refresh is None or refresh.status is Status.CANCELLING:
            raise AwsError("ActiveInstanceRefreshNotFound", "No in progress or pending Instance Refresh found.")
        return refresh

    def _refuse_if_final(self, group: Group, desired: Values | None, code: str) -> None:
        """Without a desired configuration, or from or to a moving version, nobody can go back."""
        if not desired:
            raise AwsError(code, "Rollback needs a desired configuration.")
        for settings in (group.settings, desired):
            policy = settings.get("MixedInstancesPolicy")
            spec = policy["LaunchTemplate"]["LaunchTemplateSpecification"] if policy else settings["LaunchTemplate"]
            if not str(spec.get("Version", "$Default")).isdigit():
                raise AwsError(code, "Rollback needs numbered launch template versions, not $Latest or $Default.")
            _, version, _ = self.engine.launcher.choose(group, settings)
            if str(version.data.get("ImageId")).startswith("resolve:ssm:"):
                raise AwsError(code, "Rollback needs an image id, not a parameter of Systems Manager.")


def _preferences(group: Group, asked: Values) -> Values:
    maintenance = group.settings.get("InstanceMaintenancePolicy", {})
    preferences = {**DEFAULTS, **maintenance, **asked.get("Preferences", {})}
    if asked.get("Strategy", "Rolling") != "Rolling":
        raise invalid("the lab's cloud replaces instances, not root volumes")
    for whom in ("ScaleInProtectedInstances", "StandbyInstances"):
        if preferences[whom] == "Wait":
            raise invalid(f"{whom}: the lab's cloud waits for nobody to be unprotected or back; say Ignore or another")
    low, high = preferences["MinHealthyPercentage"], preferences["MaxHealthyPercentage"]
    if not (0 <= low <= 100 <= high <= 200 and high - low <= 100):
        raise invalid(f"MinHealthyPercentage {low} and MaxHealthyPercentage {high} are out of range")
    points = preferences.get("CheckpointPercentages", [])
    if points != sorted(set(points)) or not all(1 <= each <= 100 for each in points):
        raise invalid("CheckpointPercentages must ascend from 1 to 100")
    if points and "CheckpointDelay" not in preferences:
        preferences["CheckpointDelay"] = 3600
    return preferences
