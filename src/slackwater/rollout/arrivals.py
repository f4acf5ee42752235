"""Instances that were on their way into service when the pointer had moved: each is waited for, or named.

Such a one may have taken the release of before, and its last look at the pointer may be some seconds older than its
word to the group. Whoever is launched later finds the new pointer by itself.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import suppress

from slackwater.errors import ReleaseError, SlackwaterError
from slackwater.rollout.alive import UnderWay, WholeError

ON_THEIR_WAY = {"Pending", "Pending:Wait", "Pending:Proceed"}
"""https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-lifecycle.html; who goes into a warm pool
takes the proved release anew when it is started from there."""
LIMIT = 1500
"""Seconds: an instance gives itself up after 1200 (`LaunchHook.deadline`), and tells its group for a minute more."""
EVERY = 5.0
"""Seconds between two looks: a boot takes minutes, and AWS throttles whoever describes a lot."""


def arrivals(work: UnderWay, limit: float) -> Iterator[None]:
    """Yields each time that some of them have come into service: then they must be looked at.

    Begins with the states of the fleet's last look, which must be later than the pointer's move. Raises WholeError when
    some are still on their way after `limit` seconds, or nobody wants to wait any more.
    """
    waited, deadline = on_their_way(work.fleet.hosts.states), time.monotonic() + limit
    while waited:
        states = _next_look(work, waited, deadline)
        still = {instance: state for instance, state in on_their_way(states).items() if instance in waited}
        over = {instance: states.get(instance, "gone") for instance in waited if instance not in still}
        for instance, state in over.items():
            work.fleet.events.say(instance, f"on its way no more: {state}")
        waited = still
        if "InService" in over.values():
            yield


def on_their_way(states: Mapping[str, str]) -> dict[str, str]:
    """Of instances' lifecycle states by id, those who are no hosts yet."""
    return {instance: state for instance, state in sorted(states.items()) if state in ON_THEIR_WAY}


def _next_look(work: UnderWay, waited: Mapping[str, str], deadline: float) -> Mapping[str, str]:
    """Somebody who cannot wait is heard here; and a thief found."""
    names = ", ".join(f"{instance} ({state})" for instance, state in waited.items())
    try:
        _sign(work, f"waiting for {names}: not in service yet, and perhaps with another release")
        if work.change.wish == "cancel":
            raise WholeError(_left(work, names, "cancelled"))
        if time.monotonic() >= deadline:
            raise WholeError(_left(work, names, "waited long enough"))
        time.sleep(EVERY)
        return _states(work, waited)
    except KeyboardInterrupt as error:
        raise WholeError(_left(work, names, "interrupted")) from error


def _sign(work: UnderWay, step: str) -> None:
    """Of life. A store may have its moments."""
    if work.change.step != step:
        work.fleet.events.say("", step)
    with suppress(ReleaseError):
        work.change = work.fleet.changes.refresh(work.change, step=step)


def _states(work: UnderWay, last: Mapping[str, str]) -> Mapping[str, str]:
    """Those of before when AWS cannot be asked: nothing is concluded from that, and it is asked again."""
    try:
        return work.fleet.states()
    except SlackwaterError as error:
        work.fleet.events.say("", f"{error}; asking again")
        return last


def _left(work: UnderWay, names: str, why: str) -> str:
    release = work.change.release
    return (
        f"{why}: not in service yet, and perhaps with another release: {names}\n"
        f"Every host in service runs {release}, and {release} is proved\n"
        f"`slackwater status` shows what joins; `slackwater rollout … --release {release}` brings it along"
    )
