"""AWS has scheduled a reboot, a stop or a retirement: the host is out of traffic shortly before, until it is over.

https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/viewing_scheduled_events.html
"""

from __future__ import annotations

import json

from ..rules import Rules
from .cause import Cause, Found, Reach, seconds

OVER = {"completed", "canceled"}


def read(text: str, now: float, rules: Rules) -> Found | None:
    """The first that is near; one that is over is no longer named, or named as such. With another end it is another."""
    for event in json.loads(text):
        begins = seconds(event["NotBefore"])
        ends = seconds(event["NotAfter"]) if event.get("NotAfter") else None
        is_near = begins - rules.maintenance <= now and (ends is None or now < ends)
        if event.get("State") not in OVER and is_near:
            key = f"{event.get('EventId') or event['NotBefore']} {event.get('NotAfter') or ''}".strip()
            return Found(key, f"scheduled {event['Code']} at {event['NotBefore']}", lapses=ends)
    return None


MAINTENANCE = Cause("maintenance", Reach.OUT, read, "events/maintenance/scheduled", interval=60.0)
