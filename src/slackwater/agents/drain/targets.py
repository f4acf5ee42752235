"""The target groups of AWS's load balancers: out of them, and back in when the leave is called off.

https://docs.aws.amazon.com/elasticloadbalancing/latest/application/edit-target-group-attributes.html
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from ..signed import Aws, RefusedError
from .around import Surroundings
from .leave import Leave
from .told import Group

VERSION = "2015-12-01"
LONG_AGO = 0.0
"""Of a target group that does not know the instance: whatever it once sent is over."""
GONE = "TargetGroupNotFound"


class Targets:
    """`off` is since when none of them sends, None while one may; `back` are those that it is registered in again.

    `own` are those that it leaves by itself: named first, and left once the leave, and so the disk, remembers it.
    Whatever becomes of the call then, of the agent or of the leave, it is registered again.
    """

    def __init__(self, aws: Callable[[], Aws], instance: str, group: Group, around: Surroundings) -> None:
        self._aws, self._instance, self._names = aws, instance, group.target_groups
        self._clock, self._log = around.clock, around.log
        self._arns: tuple[str, ...] = ()
        self._since: dict[str, float] = {}
        self.own: frozenset[str] = frozenset()
        self.back: frozenset[str] = frozenset()
        self.off: float | None = None

    def leave(self, leave: Leave) -> None:
        """Raises RefusedError, when each has been tried.

        The group's own deregistration counts from the notice that it takes the instance out.
        """
        self.back = frozenset()
        if self.off is not None:
            return
        arns = self._all()
        self._each([arn for arn in arns if arn not in self._since], lambda arn: self._one(arn, leave))
        if len(self._since) == len(arns):
            self.off = max(self._since.values(), default=LONG_AGO)

    def come_back(self, arns: Iterable[str]) -> None:
        """Into these and its own. Raises RefusedError, when each has been tried."""
        self.off, self._since, self._arns = None, {}, ()
        self._each(sorted({*arns, *self.own} - self.back), self._register)
        self.own = frozenset()

    def _each(self, arns: Iterable[str], work: Callable[[str], None]) -> None:
        """One that refuses must not keep the instance in the others, nor out of them."""
        refused = None
        for arn in arns:
            try:
                work(arn)
            except RefusedError as error:
                refused = error
        if refused:
            raise refused

    def _one(self, arn: str, leave: Leave) -> None:
        state = self._state(arn)
        if state == "unused":
            self._since[arn] = LONG_AGO
        elif state == "draining":
            self._since[arn] = self._begun(arn, leave)
        elif arn in leave.groups:
            self.own |= {arn}
            self._call("DeregisterTargets", arn)
            self._since[arn] = self._clock()
            self._log(f"out of {_name(arn)}")
        else:
            self.own |= {arn}

    def _begun(self, arn: str, leave: Leave) -> float:
        """Since when it drains. What the instance itself has asked for may have been taken as late as now."""
        if leave.off is not None:
            return leave.off
        noticed = [one.since for one in leave.notices if one.cause == "lifecycle" and arn not in leave.groups]
        return min(noticed, default=self._clock())

    def _register(self, arn: str) -> None:
        """One that was deleted meanwhile has nobody to come back to."""
        try:
            self._call("RegisterTargets", arn)
        except RefusedError as error:
            if error.code != GONE:
                raise
        self.back |= {arn}
        self._log(f"back in {_name(arn)}")

    def _state(self, arn: str) -> str:
        said = self._call("DescribeTargetHealth", arn)
        found = re.search(r"<TargetHealth>.*?<State>([^<]*)</State>", said, re.DOTALL)
        return found[1] if found else "unused"

    def _all(self) -> tuple[str, ...]:
        """Their ARNs; the declaration knows names only, and one that was made again has another for the next leave.

        Raises RefusedError when AWS does not name each of them.
        """
        if len(self._arns) < len(self._names):
            names = {f"Names.member.{number}": name for number, name in enumerate(self._names, 1)}
            said = self._aws().query("elasticloadbalancing", VERSION, "DescribeTargetGroups", **names)
            arns = tuple(re.findall(r"<TargetGroupArn>([^<]*)</TargetGroupArn>", said))
            if len(arns) < len(self._names):
                raise RefusedError("DescribeTargetGroups", f"of {', '.join(self._names)} it names {len(arns)}")
            self._arns = arns
        return self._arns

    def _call(self, action: str, arn: str) -> str:
        told = {"TargetGroupArn": arn, "Targets.member.1.Id": self._instance}
        return self._aws().query("elasticloadbalancing", VERSION, action, **told)


def _name(arn: str) -> str:
    return f"target group {arn.split('/')[1]}" if "/" in arn else arn
