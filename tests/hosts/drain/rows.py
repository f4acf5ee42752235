"""The fault matrix as a table: what is done to a host that leaves, at which step, and how it must end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, replace
from enum import StrEnum

from tests.hosts.drain import conditions
from tests.hosts.drain.bench import HOOK_TIMEOUT, Bench

KILL = "systemctl kill -s KILL slackwater-drain.service"
REBOOT = "systemctl reboot"
DRAIN, UNDRAIN = "slackwater-drain drain --by matrix", "slackwater-drain undrain"
STEPS = ("gate", "balancers", "quiet", "stop", "hooks", "complete")
"""Those that are seen from outside: `workers` ends in the moment in which it begins where there are none."""
FOR_AN_OPERATOR = STEPS[:-1]
HELD = "held"
LOST = 60
"""Seconds for which the API refuses."""


class End(StrEnum):
    """`gone`: the group has ended the instance; `out`: it waits to be called back; `serves`: it was called back."""

    GONE = "gone"
    OUT = "out"
    SERVES = "serves"


Act = Callable[[Bench], None]
Around = Callable[[Bench], AbstractContextManager[None]]


def nothing(bench: Bench) -> None:
    """No fault here."""


def plain(bench: Bench) -> AbstractContextManager[None]:
    return nullcontext()


@dataclass(frozen=True)
class Row:
    """`begin` makes the host leave. When it is `at` a step, `here` is done in its shell and `there` outside of it.

    `around` is what stands before and is taken away behind. `cut` are words that the report must have, each of another
    step's line; without any nothing may be cut. `slow` is how many of the requests that do not end are lost.
    `again`: the last word must have been told more than once; `is_told`: the agent comes to tell it.
    `is_kept`: the disk has its leave.
    """

    name: str
    begin: Act
    end: End
    at: str = ""
    here: str = ""
    there: Act = nothing
    around: Around = plain
    cut: tuple[str, ...] = ()
    slow: int = 0
    again: bool = False
    is_told: bool = True
    is_kept: bool = True
    daily: bool = False

    def __str__(self) -> str:
        return self.name.replace(" ", "-")


def scale_in(bench: Bench) -> None:
    bench.scale_in()


def operator(bench: Bench) -> None:
    bench.on(DRAIN)


def spot(bench: Bench) -> None:
    bench.endpoint.cloud.interrupt(bench.instance)


def rebalance(bench: Bench) -> None:
    bench.endpoint.cloud.recommend_rebalance(bench.instance)


def with_slow_requests(begin: Act, number: int = 2, milliseconds: int = 7000) -> Act:
    def act(bench: Bench) -> None:
        bench.people_wait(number, milliseconds)
        begin(bench)

    return act


def both(bench: Bench) -> None:
    bench.on(DRAIN)
    bench.scale_in()


def throttled(seconds: float, service: str) -> Act:
    return lambda bench: bench.fail_for(seconds, service, "Throttling")


def failing(operation: str, code: str | None, times: int = 1, after: bool = False, status: int = 400) -> Around:
    @contextmanager
    def around(bench: Bench) -> Iterator[None]:
        bench.endpoint.fail("autoscaling", operation, code, times=times, after=after, status=status)
        try:
            yield
        finally:
            bench.endpoint.recover()

    return around


def expired(bench: Bench) -> None:
    bench.endpoint.fail("autoscaling", "*", "ExpiredToken", times=3, status=403)


def slow_word(bench: Bench) -> AbstractContextManager[None]:
    bench.endpoint.slow("autoscaling", "CompleteLifecycleAction", 4.0)
    return nullcontext()


def lingering(row: Row, cut: tuple[str, ...] = ("balancers",)) -> Row:
    """At `balancers` a host stays for a moment only, unless one of them is not heard of any more."""
    return replace(row, around=conditions.second_balancer, cut=cut) if row.at == "balancers" else row


def killed() -> Iterator[Row]:
    for step in STEPS:
        row = Row(f"agent killed at {step}, scale-in", scale_in, End.GONE, step, KILL, daily=step == "balancers")
        yield lingering(row)
    for step in FOR_AN_OPERATOR:
        yield lingering(Row(f"agent killed at {step}, operator", operator, End.OUT, step, KILL))
    yield Row(
        "agent restarted at quiet, scale-in", scale_in, End.GONE, "quiet", "systemctl restart slackwater-drain.service"
    )


def rebooted() -> Iterator[Row]:
    for step in FOR_AN_OPERATOR:
        row = Row(f"host rebooted at {step}, scale-in", scale_in, End.GONE, step, REBOOT, daily=step == "quiet")
        yield lingering(row)
    for step in ("quiet", "stop"):
        yield Row(f"host rebooted at {step}, operator", operator, End.OUT, step, REBOOT)


def called_back() -> Iterator[Row]:
    for step in (*FOR_AN_OPERATOR, HELD):
        row = Row(f"undrain at {step}", operator, End.SERVES, step, UNDRAIN, daily=step == "stop")
        yield lingering(row, cut=())


def second_cause() -> Iterator[Row]:
    slowly = with_slow_requests(scale_in)
    yield Row("spot at quiet, scale-in", slowly, End.GONE, "quiet", there=spot, daily=True)
    yield Row("spot at hooks, scale-in", scale_in, End.GONE, "hooks", there=spot)
    for step in FOR_AN_OPERATOR:
        yield lingering(Row(f"operator's drain at {step}, scale-in", scale_in, End.GONE, step, DRAIN))
    for step in (*FOR_AN_OPERATOR, HELD):
        yield lingering(Row(f"scale-in at {step}, operator", operator, End.GONE, step, there=scale_in))
    yield Row("undrain at stop, operator and scale-in", both, End.GONE, "stop", UNDRAIN)
    yield Row("scale-in while held, rebalance", rebalance, End.GONE, HELD, there=scale_in)


def cloud_fails() -> Iterator[Row]:
    word = "CompleteLifecycleAction"
    yield Row("API throttled for 60 s", scale_in, End.GONE, "gate", there=throttled(LOST, "autoscaling"))
    lost = failing(word, None, after=True)
    yield Row("completion lost after commit", scale_in, End.GONE, around=lost, daily=True)
    yield Row("completion cut before commit", scale_in, End.GONE, around=failing(word, None), again=True)
    broken = failing(word, "InternalFailure", 3, status=500)
    yield Row("completion answered with 500 three times", scale_in, End.GONE, around=broken, again=True)
    yield Row("completion answered late", scale_in, End.GONE, around=slow_word)
    beats = failing("RecordLifecycleActionHeartbeat", None, 3, after=True)
    yield Row("heartbeats lost after commit", scale_in, End.GONE, around=beats)
    yield Row("credentials expired", scale_in, End.GONE, "gate", there=expired)


def metadata_fail() -> Iterator[Row]:
    yield Row("metadata gone before the notice", conditions.without_metadata, End.GONE)
    yield Row("metadata gone from the gate on", scale_in, End.GONE, "gate", conditions.NO_METADATA, daily=True)
    yield Row(
        "metadata answer 500", scale_in, End.GONE, "gate", there=conditions.metadata_broken, around=conditions.mended
    )
    forgotten = conditions.tokens_forgotten
    yield Row("metadata token expired", scale_in, End.GONE, "quiet", there=forgotten)


def load_balancers() -> Iterator[Row]:
    behind = Bench.behind_a_load_balancer
    yield Row("drained before the wait begins", scale_in, End.GONE, around=behind, again=True)
    yield Row("target group and agent killed, operator", operator, End.OUT, "quiet", KILL, around=behind)
    refused = throttled(15, "elbv2")
    yield Row("target groups' API throttled", scale_in, End.GONE, "gate", there=refused, around=behind)
    gone = conditions.second_balancer
    yield Row("balancer down", scale_in, End.GONE, around=gone, cut=("balancers",), daily=True)
    yield Row("balancer's agent killed", scale_in, End.GONE, "gate", there=conditions.balancers_agent_killed)


def app_and_host() -> Iterator[Row]:
    never = with_slow_requests(scale_in, 2, 40_000)
    yield Row("app never finishes a request", never, End.GONE, slow=2, cut=("quiet",))
    deaf = conditions.deaf_app
    yield Row("app ignores SIGTERM", scale_in, End.GONE, around=deaf)
    yield Row("nginx reloaded at quiet", scale_in, End.GONE, "quiet", "systemctl reload nginx.service")
    full = conditions.full_disk
    yield Row("disk full, scale-in", scale_in, End.GONE, around=full, is_kept=False, daily=True)
    yield Row("disk full, operator", operator, End.OUT, around=full)
    longer, by_hand = (
        with_slow_requests(scale_in, 5, 45_000),
        f"hook of 30 s by hand where {HOOK_TIMEOUT} s are declared",
    )
    yield Row(by_hand, longer, End.GONE, around=conditions.short_hook)
    unseen = conditions.short_hook_unseen
    yield Row(f"{by_hand}, unseen", longer, End.GONE, around=unseen, slow=5, is_told=False)
    slowly = with_slow_requests(scale_in)
    for words, seconds in (("forward", 3600), ("back", -3600)):
        shifted = conditions.clock_jumps(seconds)
        yield Row(
            f"clock {words} an hour at a restart", slowly, End.GONE, "quiet", shifted, around=conditions.own_clock
        )


def table() -> list[Row]:
    groups = (
        killed, rebooted, called_back, second_cause, cloud_fails, metadata_fail, load_balancers, app_and_host
    )  # fmt: skip
    return [row for group in groups for row in group()]
