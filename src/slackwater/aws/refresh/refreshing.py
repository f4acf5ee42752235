"""A refresh from its beginning to its end: begun or met, followed, and on failure brought back."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from slackwater.aws.apply import Run
from slackwater.aws.call import Call
from slackwater.aws.clients import Clients
from slackwater.aws.group import observe_group
from slackwater.aws.launch_template import observe_launch_template
from slackwater.aws.refresh import plan
from slackwater.aws.refresh.found import GOING_BACK, Refresh, by_version, observe_active, observe_refresh
from slackwater.aws.refresh.plan import Found, Options
from slackwater.aws.refresh.progress import Progress
from slackwater.errors import CloudError
from slackwater.settings import ScalingGroup

EVERY = 15.0
"""Seconds between two looks: an instance takes minutes, and AWS throttles whoever describes a lot."""
BLIND = 1800
"""Seconds without an answer of AWS until following ends; the refresh itself goes on without anybody looking."""
BUSY = "InstanceRefreshInProgress"
OVER = "ActiveInstanceRefreshNotFound"
NO_WAY = ("IrreversibleInstanceRefresh", "ValidationError")
"""AWS cannot go back by itself: begun without a named version, or with one that moves."""


class End(Enum):
    """As exit statuses: all new; all as before; a mixture that a person has to look at."""

    DONE = 0
    BACK = 1
    MIXED = 3


@dataclass
class Refreshing:
    """`every` in seconds; `clock` is monotonic."""

    group: ScalingGroup
    clients: Clients
    progress: Progress
    every: float = EVERY
    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.monotonic

    def run(self, options: Options, planned: tuple[Call, ...]) -> End:
        """`planned` is what `slackwater plan` shows. Raises CloudError when it cannot begin."""
        found = self.found()
        if going := observe_active(self.clients, self.group.name):
            return self._join(going, found)
        plan.refuse_unfit(self.group, found, planned)
        if found.is_current and not options.replace_all:
            self._say(f"the group and all its instances are of version {found.wanted}: nothing to replace")
            return End.DONE
        try:
            which = self._carry_out(plan.begin(self.group, found, options))
        except CloudError as error:
            going = observe_active(self.clients, self.group.name) if error.code == BUSY else None
            if going is None:
                raise
            # Somebody else was faster, or our own answer was lost on its way.
            return self._join(going, found)
        return self._ended(which, found.previous)

    def go_back(self) -> End:
        """Ends the refresh that is going on, and brings every instance back. Raises CloudError when there is none."""
        found = self.found()
        going = observe_active(self.clients, self.group.name)
        if going is None:
            raise CloudError(f"{self.group.name}: no refresh is going on; {by_version(found.group.members)}")
        if going.status not in GOING_BACK and not self._roll_back():
            self._ask_to_stop()
        # Without a version of its own it goes to the one that the group names: that is no way back.
        target = going.version or found.version
        try:
            last = self.follow(going.id)
            if last.status != "Successful":
                return self._settled_back(last, target, found.before(target))
        except CloudError as error:
            self._say(str(error))
            return End.MIXED
        raise CloudError(f"{self.group.name}: the refresh had just ended, all are of version {target}")

    def follow(self, which: str) -> Refresh:
        """Until it has ended. A read that fails is tried again: the refresh does not need us."""
        heard = self.clock()
        while True:
            try:
                refresh = observe_refresh(self.clients, self.group.name, which)
                self.progress.show(refresh, self.found().group)
                heard = self.clock()
                if not refresh.is_active:
                    return refresh
            except CloudError as error:
                if self.clock() - heard > BLIND:
                    raise
                self._say(f"AWS does not answer; the refresh goes on, and so does looking: {error}")
            self.sleep(self.every)

    def found(self) -> Found:
        group = observe_group(self.clients, self.group)
        template = observe_launch_template(self.clients, self.group)
        if group is None or template is None or group.is_going:
            raise CloudError(
                f"{self.group.name}: there is no such group with a launch template; `slackwater apply` first"
            )
        return Found(group, template)

    def _join(self, going: Refresh, found: Found) -> End:
        if going.version != found.wanted:
            raise CloudError(
                f"{self.group.name}: another refresh is going on ({going}), and AWS allows one at a time: wait for it, "
                "or end it with --cancel"
            )
        self._say(f"{going}: is followed")
        return self._ended(going.id, found.previous)

    def _ended(self, which: str, previous: str | None) -> End:
        """From here on an error of AWS leaves instances of both versions, or nobody knows of which."""
        try:
            last = self.follow(which)
            match last.status:
                case "Successful":
                    self._hold(last.version or self.found().wanted, "the refresh has ended")
                    return End.DONE
                case "Cancelled":
                    self._say(f"somebody has cancelled it: {by_version(self.found().group.members)}")
                    return End.MIXED
            return self._settled_back(last, last.version, previous)
        except CloudError as error:
            self._say(str(error))
            return End.MIXED

    def _settled_back(self, last: Refresh, target: str | None, previous: str | None) -> End:
        """At its end the group names the previous version, and no instance is of the one that it went to."""
        if previous is None or previous == target:
            self._say(f"{last.status}, and there is no other version to go back to: {last.reason}")
            return End.MIXED
        if last.status != "RollbackSuccessful" or self._has(target):
            self._say(f"{last.status}: going back to version {previous}: {last.reason}")
            last = self.follow(self._carry_out([plan.way_back(self.group, self.found(), previous)]))
            if last.status != "Successful":
                self._say(f"the way back has failed too: {last.status}: {last.reason}")
                return End.MIXED
        self._hold(previous, "the refresh has failed")
        if self._has(target):
            self._say(f"not all are back: {by_version(self.found().group.members)}")
            return End.MIXED
        self._say(f"back: {by_version(self.found().group.members)}, and the group names version {previous}")
        return End.BACK

    def _has(self, version: str | None) -> bool:
        """AWS goes back to what the group named, which is the same version where somebody else began the refresh."""
        return any(one.version == version for one in self.found().staying)

    def _hold(self, version: str, why: str) -> None:
        found = self.found()
        if found.version != version:
            self._carry_out([plan.point(self.group, found, version, why)])

    def _roll_back(self) -> bool:
        """Whether AWS goes back by itself."""
        try:
            self.clients.ask("autoscaling", "rollback_instance_refresh", AutoScalingGroupName=self.group.name)
        except CloudError as error:
            if error.code in (*NO_WAY, OVER):
                return False
            raise
        return True

    def _ask_to_stop(self) -> None:
        try:
            self.clients.ask("autoscaling", "cancel_instance_refresh", AutoScalingGroupName=self.group.name)
        except CloudError as error:
            if error.code != OVER:
                raise

    def _carry_out(self, calls: list[Call]) -> str:
        """The id of the refresh that they begin, if they do."""
        run = Run(self.clients, self._say, self.sleep)
        for call in calls:
            self._say(f"{call.name}: {call.reason}")
            run.carry_out(call)
        return str(run.given.get(plan.REFRESH, ""))

    def _say(self, what: str) -> None:
        self.progress.say("", what)
