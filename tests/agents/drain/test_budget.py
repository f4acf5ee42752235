"""The agent's time against what lint lets through: a hold that lint accepts is never cut."""

from __future__ import annotations

import pytest

from slackwater import Drain, Server, TargetGroup
from slackwater.agents.drain.budget import cut, share
from slackwater.agents.drain.leave import Step
from slackwater.agents.drain.rules import Rules
from slackwater.lint.checks.scaling.times import least_deadline
from tests.agents.drain.usual import usual


def told(drain: Drain, server: Server, hold: int) -> Rules:
    """As the role and the launch template tell it."""
    return usual(requests=drain.requests, stop=server.effective_stop_timeout + 5, hooks=drain.hooks, hold=hold)


@pytest.mark.parametrize("protocol", ["HTTP", "TCP"])
@pytest.mark.parametrize("hooks", [1, 30, 300])
def test_the_least_deadline_holds_what_a_load_balancer_still_sends(protocol: str, hooks: int) -> None:
    """Even when the gate and the balancers have taken all of their time; and one second less would not do."""
    target = TargetGroup(name="web", vpc="vpc-0123456789abcdef0", protocol=protocol)
    rules = told(Drain(hooks=hooks), Server(), target.hold)
    deadline = least_deadline(Server(), Drain(hooks=hooks), [target])
    left = deadline - rules.gate - rules.balancers

    assert target.hold <= share(Step.QUIET, left, rules)
    assert target.hold > share(Step.QUIET, left - 1, rules)


def test_by_default_nothing_is_cut_behind_any_load_balancer() -> None:
    """Nor requests that come in the hold's last second."""
    drain = Drain()
    for protocol in ("HTTP", "TCP"):
        target = TargetGroup(name="web", vpc="vpc-0123456789abcdef0", protocol=protocol)
        rules = told(drain, Server(), target.hold)

        assert target.hold + 10 <= share(Step.QUIET, drain.deadline - rules.gate - rules.balancers, rules)


def test_only_a_step_that_gets_less_than_it_wants_is_called_cut() -> None:
    """With all the time that there is, and one second short of what the gate and all before it want."""
    rules = usual(gate=5)
    wanted = next(left for left in range(1000) if share(Step.GATE, left, rules) >= rules.gate)

    assert "" == cut(Step.GATE, 100_000, rules) == cut(Step.GATE, wanted, rules)
    assert cut(Step.GATE, wanted - 1, rules).startswith("gate cut to 4 s of 5 s")
