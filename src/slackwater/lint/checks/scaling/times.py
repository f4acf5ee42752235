"""Times of a scaling group: what waits must outlast what it waits for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from slackwater.lint.fleet import Fleet
from slackwater.lint.scaling import Scaling, balancers, scaling
from slackwater.settings import Drain, Fault, Server, TargetGroup

# AWS takes a spot instance back 120 s after its notice; ten of them are the way from the notice to the agent.
SPOT_DRAIN = 110
# The last heartbeat of a drain may be answered late or sent twice; a hook that ends at the deadline itself would cut
# the completion of the drain.
MARGIN = 60
# Of the agent's own: the gate 5, the balancers' next question 10, what systemd needs to stop the app 5, the last word
# to the group 10. tests/agents/drain/test_budget.py holds it against them.
STEPS = 30
# An instance that nobody waits for must have booted and provisioned itself before anyone judges it.
FROM_BOOT = 600
# The first beat comes when EC2 has booted the image and cloud-init has begun; AWS abandons who is silent until then.
FIRST_BEAT = 120


def leaving_is_awaited(fleet: Fleet) -> Iterator[Fault]:
    for each in scaling(fleet):
        if each.terminate is None:
            yield each.fault("hooks.terminate", "must be TerminateHook(…): nobody waits for a drain without it")


def hook_outlasts_the_drain(fleet: Fleet) -> Iterator[Fault]:
    """AWS ends the wait after 48 hours or 100 heartbeats, and with it the requests that still run."""
    for each in scaling(fleet):
        if each.terminate and each.terminate.limit < each.drain.deadline + MARGIN:
            least = -(-(each.drain.deadline + MARGIN) // 100)
            allowed = (
                f"must be at least {least} for drain.deadline ({each.drain.deadline} seconds), and that under 48 hours"
            )
            yield each.fault("hooks.terminate.heartbeat", allowed)


def drain_outlasts_the_apps_stop(fleet: Fleet) -> Iterator[Fault]:
    """The app's own stop is the last step of a drain."""
    for each in scaling(fleet):
        stop = each.server.effective_stop_timeout
        if each.drain.deadline <= stop:
            yield each.drain_fault(f"must be greater than the app's stop timeout ({stop} seconds)")


def drain_holds_its_steps(fleet: Fleet) -> Iterator[Fault]:
    """What has no time is cut in every leave: what AWS's load balancers still send, then the hooks and the logs.

    With spot the notice is too short for a load balancer, and the cut is the price.
    """
    for each in scaling(fleet):
        targets = () if each.has_spot else each.target_groups
        least = least_deadline(each.server, each.drain, targets)
        if each.server.effective_stop_timeout < each.drain.deadline < least:
            yield each.drain_fault(f"must be at least {least} seconds: {_steps(each, targets)}")


def least_deadline(server: Server, drain: Drain, targets: Sequence[TargetGroup]) -> int:
    """Seconds in which a leave behind these target groups is whole."""
    return server.effective_stop_timeout + drain.hooks + STEPS + max((target.hold for target in targets), default=0)


def _steps(each: Scaling, targets: Sequence[TargetGroup]) -> str:
    own = f"the app's stop ({each.server.effective_stop_timeout}), drain.hooks ({each.drain.hooks})"
    if not targets:
        return f"{own} and its other steps ({STEPS})"
    longest = max(targets, key=lambda target: target.hold)
    sends = f"the {longest.hold} in which AWS may still send to target group {longest.name} ({longest.protocol})"
    return f"{own}, its other steps ({STEPS}) and {sends}"


def spot_notice_holds_the_drain(fleet: Fleet) -> Iterator[Fault]:
    for each in scaling(fleet):
        if each.has_spot and each.drain.deadline > SPOT_DRAIN:
            yield each.drain_fault(f"must be at most {SPOT_DRAIN} seconds with spot: AWS gives two minutes' notice")


def launch_is_awaited(fleet: Fleet) -> Iterator[Fault]:
    """An instance without a launch hook is in service while it still provisions itself."""
    for each in scaling(fleet):
        if each.launch is None and min(each.group.health.grace, each.group.warm_up) < FROM_BOOT:
            allowed = f"must be LaunchHook(…), or health.grace and warm_up at least {FROM_BOOT} seconds"
            yield each.fault("hooks.launch", allowed)


def silence_is_no_service(fleet: Fleet) -> Iterator[Fault]:
    """With CONTINUE an instance that died while it provisioned itself would be in service, with nothing on it."""
    for each in scaling(fleet):
        if each.launch and each.launch.default == "CONTINUE":
            yield each.fault("hooks.launch.default", "must be 'ABANDON': who falls silent has provisioned nothing")


def first_beat_comes_in_time(fleet: Fleet) -> Iterator[Fault]:
    """Each instance would be abandoned before it could say a word, and the next one, too."""
    for each in scaling(fleet):
        if each.launch and each.launch.heartbeat < FIRST_BEAT:
            yield each.fault("hooks.launch.heartbeat", f"must be at least {FIRST_BEAT} seconds, until the first beat")


def launch_outlasts_the_apps_start(fleet: Fleet) -> Iterator[Fault]:
    for each in scaling(fleet):
        needed = each.app.health.start_deadline + each.app.health.stable if each.app else 0
        if each.launch and each.launch.deadline <= needed:
            allowed = f"must be greater than health.start_deadline + stable of the app ({needed} seconds)"
            yield each.fault("hooks.launch.deadline", allowed)


def grace_outlasts_the_first_answer(fleet: Fleet) -> Iterator[Fault]:
    """A good instance would be replaced before its first good answer has counted, again and again."""
    for each in scaling(fleet):
        needed = max((target.first_healthy for target in each.target_groups), default=0)
        if each.group.health.kind == "ELB" and each.group.health.grace < needed:
            allowed = f"must be at least {needed} seconds, until a target group may call an instance healthy"
            yield each.fault("health.grace", allowed)


def warm_up_outlasts_the_start(fleet: Fleet) -> Iterator[Fault]:
    """Until it carries its share, a new instance makes the group look less busy than it is."""
    for each in scaling(fleet):
        needed = max([*_balancer_starts(fleet), *_target_starts(each)], default=0)
        if each.group.warm_up < needed:
            yield each.fault("warm_up", f"must be at least {needed} seconds, until a new instance has its full share")


def _balancer_starts(fleet: Fleet) -> Iterator[int]:
    for balancer in balancers(fleet):
        look = max((source.interval for source in balancer.membership if source.is_sound), default=0)
        if balancer.checks.is_sound:
            yield look + balancer.checks.interval * balancer.checks.rise + balancer.slow_start


def _target_starts(each: Scaling) -> Iterator[int]:
    yield from (target.first_healthy + target.slow_start for target in each.target_groups)


def deregistration_holds_the_requests(fleet: Fleet) -> Iterator[Fault]:
    """What is not answered by then is cut by AWS's load balancer."""
    for each in scaling(fleet):
        longest = each.app.nginx.read_timeout if each.app else 0
        for target in each.target_groups:
            if target.deregistration_delay < longest:
                allowed = f"must be at least nginx.read_timeout of the app ({longest} seconds)"
                yield target.fault("deregistration_delay", allowed)


def drain_holds_the_deregistration(fleet: Fleet) -> Iterator[Fault]:
    """A load balancer still sends while it deregisters, and the instance must still answer."""
    for each in scaling(fleet):
        for target in each.target_groups:
            if target.deregistration_delay > each.drain.deadline:
                allowed = f"must be at most drain.deadline ({each.drain.deadline} seconds)"
                yield target.fault("deregistration_delay", allowed)
