"""Worker: Celery on the hosts of the group `worker`, from the same release as the app."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from pydantic import AfterValidator

from slackwater.settings._base import Settings
from slackwater.settings._faults import Fault
from slackwater.settings._fields import AS_TUPLE, matching, switch, text, whole

QUEUE_ALLOWED = "a queue's name: up to 63 letters, digits, '.', '_' or '-', beginning with a letter or digit"
Queue = Annotated[str, AfterValidator(matching(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}", QUEUE_ALLOWED))]
STOP_MARGIN_SECONDS = 20
"""After `drain_timeout` Celery must still end its processes and put back what they had; then systemd kills."""
LONGEST = 1500
"""Seconds: a rollout waits for the old slot's tasks, and a switch on a host may take half an hour."""


class Worker(Settings):
    """Declared once for all worker hosts. Tasks need `task_acks_late` and `task_reject_on_worker_lost`."""

    application: str = text(
        ...,
        "The Celery application, as `celery --app` takes it.",
        pattern=r"^[A-Za-z_]\w*(\.[A-Za-z_]\w*)*(:[A-Za-z_]\w*)?$",
        allowed="a module and its attribute, such as 'parcels.tasks:celery'",
        example="parcels.tasks:celery",
    )
    queues: Annotated[tuple[Queue, ...], AS_TUPLE] = text(
        ("celery",), "Which queues are consumed, by name.", allowed=f"a list of names, each {QUEUE_ALLOWED}"
    )
    concurrency: int | None = whole(
        None, "Processes that carry out tasks; None takes the host's processors.", least=1, most=256
    )
    prefetch: int = whole(
        1, "Messages that each process reserves; more would wait on a host that may leave.", least=1, most=1000
    )
    max_tasks_per_child: int = whole(0, "Tasks after which a process is replaced; 0 is never.")
    max_memory_per_child: int = whole(0, "A process that takes more is replaced after its task; 0 is never.", unit="MB")
    soft_time_limit: int = whole(
        240, "A task that takes longer gets SoftTimeLimitExceeded and may tidy up.", unit="seconds", least=1
    )
    time_limit: int = whole(300, "A task that takes longer is killed.", unit="seconds", least=2)
    drain_timeout: int = whole(
        60,
        "How long tasks may take to finish when the worker stops; those that run then are put back into their queue.",
        unit="seconds",
        least=1,
        most=LONGEST,
    )
    visibility_timeout: int = whole(
        3600,
        "With Redis: what a host that died had reserved is given to another after it.",
        unit="seconds",
        least=10,
        most=604800,
    )
    beat: bool = switch(False, "Run Celery's scheduler, on one host: the first of the group by name.")
    start_deadline: int = whole(
        60, "Within it a new slot must have reached the broker and its queues.", unit="seconds", least=5, most=LONGEST
    )
    stable: int = whole(2, "So long a new slot must run without a crash before the old one stops.", unit="seconds")
    memory_max: int | None = whole(None, "The unit's memory limit; None takes it from the host.", unit="MB", least=32)

    @property
    def stop_timeout(self) -> int:
        """Seconds, for the unit's TimeoutStopSec."""
        return self.drain_timeout + STOP_MARGIN_SECONDS

    def conflicts(self) -> Iterator[Fault]:
        if not self.queues:
            yield self.fault("queues", "must name at least one queue: the worker would consume nothing")
        if len(set(self.queues)) < len(self.queues):
            yield self.fault("queues", "must name each queue once")
        if self.soft_time_limit >= self.time_limit:
            yield self.fault("soft_time_limit", f"must be less than time_limit ({self.time_limit} seconds)")
        longest = self.prefetch * self.time_limit
        if self.visibility_timeout <= longest:
            yield self.fault(
                "visibility_timeout",
                f"must be greater than prefetch * time_limit ({longest} seconds): a message that is at work or waits "
                "for it would be given to a second worker",
            )
