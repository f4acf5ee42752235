"""How the time that is left is shared: what does the most harm when it is missing gets its time first."""

from __future__ import annotations

from collections.abc import Sequence

from .leave import STEPS, Step
from .rules import CLOUD_LATENCY, Rules

LEAST_QUIET = 10.0
"""Seconds for requests in flight before hooks get any: most are answered by then."""

UNSEEN = 172800.0
"""Seconds, as long as there are any: while nobody has seen the gate closed, nothing that follows helps anybody."""

Wish = tuple[Step, float]


def wishes(rules: Rules) -> Sequence[Wish]:
    """The worst to miss first: the last word to the group, the app's own end, requests; then logs, then the hold."""
    quiet = max(rules.requests, rules.hold + LEAST_QUIET if rules.hold else 0.0)
    return (
        (Step.COMPLETE, CLOUD_LATENCY),
        (Step.GATE, rules.gate),
        (Step.STOP, rules.stop),
        (Step.WORKERS, rules.workers),
        (Step.QUIET, min(quiet, LEAST_QUIET)),
        (Step.HOOKS, rules.hooks),
        (Step.GATE, UNSEEN),
        (Step.BALANCERS, rules.balancers),
        (Step.QUIET, max(0.0, quiet - LEAST_QUIET)),
    )


def share(step: Step, left: float, rules: Rules) -> float:
    """Seconds for `step`, when `left` are there for it and all that follow."""
    ahead = STEPS[STEPS.index(step) :]
    granted = 0.0
    for wish, seconds in wishes(rules):
        if wish in ahead:
            got = min(seconds, max(0.0, left))
            left -= got
            granted += got if wish is step else 0.0
    return granted


def cut(step: Step, left: float, rules: Rules) -> str:
    """In words, when a step gets less than it wants; empty when it gets all."""
    wanted = sum(seconds for wish, seconds in wishes(rules) if wish is step and seconds != UNSEEN)
    got = share(step, left, rules)
    return f"{step} cut to {got:.0f} s of {wanted:.0f} s" if got < wanted else ""
