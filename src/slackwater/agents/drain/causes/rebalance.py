"""AWS thinks that a spot instance may be taken back soon. It often is not: then the host goes back to serving.

https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/rebalance-recommendations.html
"""

from __future__ import annotations

import json

from ..rules import Rules
from .cause import Cause, Found, Reach


def read(text: str, now: float, rules: Rules) -> Found | None:
    """The app runs on: coming back then needs no start."""
    noticed = str(json.loads(text)["noticeTime"])
    return Found(noticed, f"rebalance recommendation of {noticed}", lapses=now + rules.rebalance)


REBALANCE = Cause("rebalance", Reach.OUT, read, "events/recommendations/rebalance")
