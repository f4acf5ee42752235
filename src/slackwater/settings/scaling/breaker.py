"""Breaker: stops a group whose launches fail one after another."""

from __future__ import annotations

from typing import Literal

from slackwater.settings._base import Settings
from slackwater.settings._fields import choice, whole


class Breaker(Settings):
    """It suspends launches and says so in the group's tags, with owner and expiry; whatever serves stays."""

    failures: int = whole(3, "Failed launches in a row that trip it.", unit="launches", least=1, most=100)
    expiry: int = whole(3600, "After which launches are tried again.", unit="seconds", least=60, most=604800)
    watched_by: Literal["balancers", "elsewhere"] = choice(
        "balancers",
        "What runs it: the hosts of the group balancer, or `slackwater watch` in a unit of your own elsewhere.",
        ("balancers", "elsewhere"),
    )
