"""Logs: how long they stay on a host."""

from __future__ import annotations

from slackwater.settings._base import Settings
from slackwater.settings._fields import whole


class Logs(Settings):
    """Log files are rotated daily and compressed."""

    keep: int = whole(14, "Rotated files that are kept.", unit="days", least=1, most=3650)
    journal_max: int = whole(500, "The journal's largest size on disk.", unit="MB", least=16)
