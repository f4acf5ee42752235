"""Policies and schedules: what never fires, and what works against itself."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

from slackwater.lint.fleet import Fleet
from slackwater.lint.scaling import Scaling, scaling
from slackwater.settings import Fault, Policy, Schedule
from slackwater.settings.scaling.metric import OWN_BACKLOG, OWN_DIMENSION, OWN_MEMORY, OWN_NAMESPACE

MOST_PERCENT = 100
# EC2 measures every five minutes without detailed monitoring: an alarm that asks every minute has no data.
BASIC_PERIOD = 300


def group_has_room(fleet: Fleet) -> Iterator[Fault]:
    """Policies of a group that is as large as it is small do nothing."""
    for each in scaling(fleet):
        group = each.group
        if group.policies and group.minimum == group.maximum == group.largest and not group.schedules:
            yield each.fault("maximum", f"must be greater than minimum ({group.minimum}), or policies empty")


def policies_can_fire(fleet: Fleet) -> Iterator[Fault]:
    """No CPU, and no memory, is used more than all, or less than not at all."""
    for policy in _policies(fleet):
        if not policy.metric.is_percent:
            continue
        if policy.above is not None and policy.above >= MOST_PERCENT:
            yield policy.fault("above", "must be less than 100 percent, or it never fires")
        if policy.below is not None and not 0 < policy.below <= MOST_PERCENT:
            yield policy.fault("below", "must be greater than 0 and at most 100 percent")
        if policy.value is not None and policy.value >= MOST_PERCENT:
            yield policy.fault("value", "must be less than 100 percent, or the group never grows")
        if any(not 0 < bound < MOST_PERCENT for bound in policy.steps):
            yield policy.fault("steps", "must each begin between 0 and 100 percent")


def own_metrics_are_published(fleet: Fleet) -> Iterator[Fault]:
    """An alarm on what nobody publishes has no data, and never says so."""
    for each in scaling(fleet):
        wanted = {OWN_DIMENSION: each.group.name}
        for policy in each.group.policies:
            metric = policy.metric
            if metric.is_own and metric.name not in (OWN_MEMORY, OWN_BACKLOG):
                yield metric.fault("name", f"must be {OWN_MEMORY!r} or {OWN_BACKLOG!r} in {OWN_NAMESPACE}")
            elif metric.is_own and metric.dimensions != wanted:
                yield metric.fault("dimensions", f"must be {wanted}, as the group's instances publish it")


def exact_sizes_are_allowed(fleet: Fleet) -> Iterator[Fault]:
    for each in scaling(fleet):
        group = each.group
        for policy in _steps(each):
            sizes = [policy.adjustment or 0, *policy.steps.values()]
            outside = not all(group.minimum <= size <= group.largest for size in sizes)
            if policy.adjustment_type == "ExactCapacity" and outside:
                yield policy.fault("adjustment", f"must be from {group.minimum} to {group.largest}, the group's sizes")


def metrics_are_fresh(fleet: Fleet) -> Iterator[Fault]:
    for each in scaling(fleet):
        short = [step.name for step in _steps(each) if step.metric.kind == "cpu" and step.period < BASIC_PERIOD]
        if short and not each.group.detailed_monitoring:
            allowed = f"must be True for {', '.join(short)}, or their periods {BASIC_PERIOD} seconds"
            yield each.fault("detailed_monitoring", allowed)


def thresholds_are_apart(fleet: Fleet) -> Iterator[Fault]:
    """Between them the group would grow and shrink at once."""
    for each in scaling(fleet):
        for out, back in _pairs(each):
            if back.below is not None and out.above is not None and back.below >= out.above:
                yield back.fault("below", f"must be less than {out.name}'s above ({out.above:g})")


def one_less_is_not_too_few(fleet: Fleet) -> Iterator[Fault]:
    """The load of those that left moves to the rest: just below one threshold it would be above the other."""
    for each in scaling(fleet):
        for out, back in _pairs(each):
            after = _after(back, max(each.group.minimum, 1))
            if out.above is not None and back.below is not None and back.below < out.above <= after:
                allowed = f"must be less: the rest would be at {after:.0f}, and {out.name} grows at {out.above:g}"
                yield back.fault("below", allowed)


def one_policy_shrinks(fleet: Fleet) -> Iterator[Fault]:
    """A target's own alarms and a step that shrinks by the same metric pull in two directions."""
    for each in scaling(fleet):
        targets = [policy for policy in each.group.policies if policy.kind == "target"]
        for target, step in product(targets, _steps(each)):
            if target.metric == step.metric:
                yield step.fault("metric", f"must differ from that of {target.name}, which scales by the same one")


def schedules_keep_the_bounds(fleet: Fleet) -> Iterator[Fault]:
    """AWS refuses the change in that minute, when nobody looks."""
    for each in scaling(fleet):
        for schedule in each.group.schedules:
            yield from _schedule(each, schedule)


def _schedule(each: Scaling, schedule: Schedule) -> Iterator[Fault]:
    least = each.group.minimum if schedule.minimum is None else schedule.minimum
    most = each.group.maximum if schedule.maximum is None else schedule.maximum
    if least > most:
        field = "maximum" if schedule.minimum is None else "minimum"
        yield schedule.fault(field, f"must keep minimum ({least}) at most maximum ({most}); give both to change both")
    elif schedule.desired is not None and not least <= schedule.desired <= most:
        yield schedule.fault("desired", f"must be from {least} to {most}, the group's sizes then")


def _policies(fleet: Fleet) -> Iterator[Policy]:
    yield from (policy for each in scaling(fleet) for policy in each.group.policies)


def _steps(each: Scaling) -> list[Policy]:
    return [policy for policy in each.group.policies if policy.kind == "step"]


def _pairs(each: Scaling) -> Iterator[tuple[Policy, Policy]]:
    """One that grows and one that shrinks, by the same metric."""
    for out, back in product(_steps(each), repeat=2):
        if out.above is not None and back.below is not None and out.metric == back.metric:
            yield out, back


def _after(back: Policy, least: int) -> float:
    """The mean of the rest, had the group one step more than its least and left at just the threshold."""
    if back.metric.kind != "cpu" or back.adjustment_type != "ChangeInCapacity" or back.below is None:
        return 0
    fewer = -(back.adjustment or 0)
    return back.below * (least + fewer) / least
