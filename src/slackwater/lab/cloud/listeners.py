"""Which target groups the listeners forward to: moto's books know of those that one was made with, and for ever."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from moto.elbv2.models import elbv2_backends

from slackwater.lab.cloud.instances import passed_on
from slackwater.lab.cloud.wire.service import Arguments


class Listeners:
    """ELBv2's operations after which another target group is forwarded to."""

    def __init__(self, elbv2: Callable[[], Any], account: str, region: str) -> None:
        self._elbv2, self._place = elbv2, (account, region)

    def create_load_balancer(self, asked: Arguments) -> Mapping[str, Any]:
        """moto says no scheme where none was asked for."""
        return passed_on(self._elbv2().create_load_balancer, {"Scheme": "internet-facing", **asked})

    def modify_listener(self, asked: Arguments) -> Mapping[str, Any]:
        return self._settled(passed_on(self._elbv2().modify_listener, asked))

    def delete_listener(self, asked: Arguments) -> Mapping[str, Any]:
        return self._settled(passed_on(self._elbv2().delete_listener, asked))

    def delete_load_balancer(self, asked: Arguments) -> Mapping[str, Any]:
        return self._settled(passed_on(self._elbv2().delete_load_balancer, asked))

    def _settled(self, said: Mapping[str, Any]) -> Mapping[str, Any]:
        account, region = self._place
        backend = elbv2_backends[account][region]
        pairs = [pair for balancer in backend.load_balancers.values() for pair in _forwards(balancer)]
        for target_group in backend.target_groups.values():
            target_group.load_balancer_arns = sorted({owner for arn, owner in pairs if arn == target_group.arn})
        return said


def _forwards(balancer: Any) -> Iterator[tuple[str, str]]:
    """Each target group's ARN with that of the load balancer."""
    for listener in balancer.listeners.values():
        for action in listener.default_actions:
            weighted = action.data.get("ForwardConfig", {}).get("TargetGroups", [])
            for each in (action.data, *weighted):
                if "TargetGroupArn" in each:
                    yield each["TargetGroupArn"], balancer.arn
