"""What a test holds of the lab's cloud: its address, its clients, and its levers."""

from __future__ import annotations

from typing import Any

from botocore.config import Config

from slackwater.lab.cloud.faults import Fault
from slackwater.lab.cloud.front import Front
from slackwater.lab.cloud.levers import Levers
from slackwater.lab.cloud.moto import KEYS
from slackwater.lab.cloud.wire.model import session

REGION = "eu-central-1"


class Endpoint:
    """`uncovered` and `misshapen` are empty in a good test; `cloud` makes happen what time and machines would."""

    def __init__(self, url: str, front: Front, levers: Levers) -> None:
        self.url, self._front, self.cloud = url, front, levers
        self.account = front.moto.account
        self.region = REGION

    def client(self, service: str, region: str = REGION, *, config: Any = None) -> Any:
        """A boto3 client; it does not retry unless its `config` says so."""
        once = Config(retries={"total_max_attempts": 1, "mode": "standard"}, connect_timeout=5, read_timeout=60)
        config = once.merge(config) if config else once
        return session().client(service, region_name=region, endpoint_url=self.url, config=config, **KEYS)

    @property
    def environment(self) -> dict[str, str]:
        return environment(self.url)

    @property
    def calls(self) -> list[tuple[str, str]]:
        """(service, operation), as boto3 and AWS spell them, in order."""
        return self._front.calls

    @property
    def uncovered(self) -> list[tuple[str, str]]:
        """Calls of operations that are not on the contract's list."""
        return self._front.uncovered

    @property
    def misshapen(self) -> list[tuple[str, str, str]]:
        """(service, operation, fault) of answers that are not as botocore's model has them; empty in a good test."""
        return self._front.misshapen

    @property
    def lifecycle_calls(self) -> list[tuple[str, dict[str, str]]]:
        """(operation, what it was called with) of completed actions and heartbeats, refused ones too."""
        return self._front.lifecycle_calls

    def fail(
        self,
        service: str,
        operation: str,
        code: str | None,
        *,
        times: int = 1,
        after: bool = False,
        status: int = 400,
    ) -> None:
        """The next calls end with this error; `after`: carried out first. A code of None resets the connection."""
        self._front.faults.add(Fault(service, operation, code, times, after, status))

    def slow(self, service: str, operation: str, seconds: float, *, times: int = 1) -> None:
        """The next calls take that much longer."""
        self._front.faults.add(Fault(service, operation, None, times, seconds=seconds))

    def say(self, service: str, operation: str, body: str, *, times: int = 1, status: int = 200) -> None:
        """The next calls are answered with `body`: nothing, half of an answer, or nonsense."""
        self._front.faults.add(Fault(service, operation, None, times, status=status, body=body.encode()))

    def recover(self) -> None:
        """Whatever was asked to go wrong and has not yet goes right."""
        self._front.faults.clear()


def environment(url: str) -> dict[str, str]:
    """What a program needs to reach the lab's cloud, and never another."""
    return {
        "AWS_ENDPOINT_URL": url,
        "AWS_ACCESS_KEY_ID": KEYS["aws_access_key_id"],
        "AWS_SECRET_ACCESS_KEY": KEYS["aws_secret_access_key"],
        "AWS_DEFAULT_REGION": REGION,
        "AWS_REGION": REGION,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_MAX_ATTEMPTS": "1",
        "AWS_CONFIG_FILE": "/dev/null",
        "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
    }
