"""What a balancer sees of app hosts: their own answers, and what its agent has decided."""

from __future__ import annotations

import pytest

from slackwater.rollout.look import decided

UP = {"address": "10.0.0.1", "port": 8000, "state": "up", "reason": ""}


@pytest.mark.parametrize(
    ("members", "said"),
    [
        ([], ""),
        ([UP], ""),
        ([UP | {"state": "held"}], ""),
        ([UP | {"address": "10.0.0.2", "state": "down"}], ""),
        ([UP | {"state": "down", "reason": "404 (3 in a row)"}], "gets no requests: down, 404 (3 in a row)"),
        ([UP | {"state": "new", "reason": "not asked yet"}], "gets no requests: new, not asked yet"),
        ([UP | {"port": 9000}], "asked at port 9000, not 8000: converge the balancers, too"),
        ([UP | {"port": 9000}, UP], ""),
    ],
)
def test_a_host_that_gets_no_requests_is_not_healthy(members: list[dict[str, object]], said: str) -> None:
    """Its own answers may be good: another port, another path. One that the balancer does not know yet is no fault."""
    assert said == decided("http://10.0.0.1:8000", members)
