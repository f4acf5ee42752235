"""Clients whose answers are kept."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from slackwater.lab.cloud import Endpoint, Ground

Answers = dict[tuple[str, str], list[Mapping[str, Any]]]


class Tour:
    """`answers`: by service and operation, as boto3 gives them."""

    def __init__(self, endpoint: Endpoint) -> None:
        self.endpoint, self.answers = endpoint, Answers()
        self.answers = defaultdict(list)
        self.ground: Ground = endpoint.cloud.ground()
        self._clients: dict[str, Any] = {}

    def client(self, service: str) -> Any:
        if service not in self._clients:
            made = self.endpoint.client(service)
            made.meta.events.register("after-call", self._hear)
            self._clients[service] = made
        return self._clients[service]

    def __getattr__(self, service: str) -> Any:
        """`tour.ec2` is a client."""
        return self.client(service)

    def _hear(self, http_response: Any, parsed: Mapping[str, Any], model: Any, **_: Any) -> None:
        self.answers[(model.service_model.service_name, model.name)].append(parsed)
