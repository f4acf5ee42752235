"""Checks: how a balancer asks the hosts behind it how they are, and how many answers move one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from slackwater.settings._base import Settings
from slackwater.settings._faults import Fault
from slackwater.settings._fields import URL_PATH, URL_PATH_ALLOWED, text, whole

HEADER = r"^[A-Za-z0-9-]+: ?[ -~]*$"


class Checks(Settings):
    """Two questions to each host: `live` decides whether it serves, `ready` only how much."""

    live: str = text(
        "/.slackwater/live",
        "Asked every `interval`; `draining` in a 503 takes the host out at once.",
        pattern=URL_PATH,
        allowed=URL_PATH_ALLOWED,
    )
    ready: str | None = text(
        "/.slackwater/ready",
        "Asked every `ready_interval`; a host that is not ready gets less, never nothing. None asks nobody.",
        pattern=URL_PATH,
        allowed=URL_PATH_ALLOWED + ", or None",
    )
    interval: int = whole(1, "Between two `live` questions to a host.", unit="seconds", least=1, most=300)
    timeout: int = whole(
        4,
        "For a whole answer; more than `Health.timeout`, so that nginx there can say that its app is silent.",
        unit="seconds",
        least=1,
        most=60,
    )
    ready_interval: int = whole(10, "Between two `ready` questions to a host.", unit="seconds", least=1, most=3600)
    rise: int = whole(2, "Good answers in a row until a host serves.", unit="answers", least=1, most=100)
    fall: int = whole(3, "Bad answers in a row until a host is taken out.", unit="answers", least=1, most=100)
    status: str = text(
        "200-299",
        "Which answers are good.",
        pattern=r"^[1-5][0-9]{2}(-[1-5][0-9]{2})?$",
        allowed="a status or a range of them such as '200-299'",
    )
    body: str | None = text(
        None,
        "What a good `live` answer must hold, in its first 64 kB.",
        pattern=r"^[!-~]([ -~]*[!-~])?$",
        allowed="printable ASCII text",
    )
    header: str | None = text(
        None, "A header that a good `live` answer must have.", pattern=HEADER, allowed="text such as 'X-Health: ok'"
    )
    host: str | None = text(
        None,
        "The Host header of the questions; None: the host's own address and port.",
        pattern=r"^[A-Za-z0-9.-]+(:[0-9]+)?$",
        allowed="a host name such as 'localhost'",
    )

    def conflicts(self) -> Iterator[Fault]:
        least, most = self.span
        if least > most:
            yield self.fault("status", "must have the smaller status first, such as '200-299'")
        if self.timeout > 10 * self.interval:
            yield self.fault(
                "timeout",
                f"must be at most 10 times the interval ({self.interval}), or questions to a silent host pile up",
            )

    @property
    def span(self) -> tuple[int, int]:
        """Smallest and largest good status."""
        least, _, most = self.status.partition("-")
        return int(least), int(most or least)

    def document(self, *, tls: bool = False) -> dict[str, Any]:
        """The part "checks" of the agent's file; `tls` when the hosts speak it."""
        return {**self.model_dump(), "status": list(self.span), "tls": tls}
