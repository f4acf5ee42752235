"""Health: two questions, two paths: is the app alive, and are its dependencies there."""

from __future__ import annotations

from slackwater.settings._base import Settings
from slackwater.settings._fields import URL_PATH, URL_PATH_ALLOWED, text, whole


class Health(Settings):
    """`live` decides membership and asks no dependency; `ready` may ask them. Both may be the same path."""

    live: str = text("/health", "Answers 200 while the app can serve.", pattern=URL_PATH, allowed=URL_PATH_ALLOWED)
    ready: str = text(
        "/health/ready",
        "Answers 200 while the app's dependencies answer too.",
        pattern=URL_PATH,
        allowed=URL_PATH_ALLOWED,
    )
    host: str = text(
        "localhost",
        "The Host header of these questions; an app that checks it (Django's ALLOWED_HOSTS) must allow it.",
        pattern=r"^[A-Za-z0-9.-]+(:[0-9]+)?$",
        allowed="a host name such as 'localhost'",
    )
    timeout: int = whole(3, "To connect, and to read the answer.", unit="seconds", least=1, most=60)
    start_deadline: int = whole(
        60, "How long a new release may take until it is live; then the old one stays.", unit="seconds", least=1
    )
    stable: int = whole(
        3, "How long a new release must answer ready, without a crash, before it is live.", unit="seconds"
    )
