"""What a test wants to go wrong: errors, lost answers, slow ones, and answers that AWS would never give."""

from __future__ import annotations

import threading
from dataclasses import dataclass

from botocore import xform_name

from slackwater.lab.cloud.errors import AwsError


@dataclass
class Fault:
    """`code` None resets the connection; `after` carries the call out first. `operation` "*" is any of the service.

    `body` is the whole answer, whatever it holds.
    """

    service: str
    operation: str
    code: str | None
    times: int = 1
    after: bool = False
    status: int = 400
    seconds: float | None = None
    body: bytes | None = None

    def error(self) -> AwsError:
        return AwsError(self.code or "", f"{self.operation}: the test asked for this {self.code}", self.status)


class Faults:
    """Each is used up by as many calls as it was given for."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []
        self._lock = threading.Lock()

    def add(self, fault: Fault) -> None:
        with self._lock:
            self._faults.append(fault)

    def clear(self) -> None:
        with self._lock:
            self._faults.clear()

    def take(self, service: str, operation: str) -> Fault | None:
        with self._lock:
            for fault in self._faults:
                if fault.times > 0 and fault.service == service and _same(fault.operation, operation):
                    fault.times -= 1
                    return fault
        return None


def _same(asked: str, operation: str) -> bool:
    """`CreateAutoScalingGroup` and `create_auto_scaling_group` are one."""
    return asked in ("*", operation, xform_name(operation))
