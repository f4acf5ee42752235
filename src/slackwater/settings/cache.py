"""Cache: Redis on the hosts of the group `cache`, for a small fleet's broker and the lab."""

from __future__ import annotations

from pydantic import InstanceOf

from slackwater.settings._base import Settings
from slackwater.settings._fields import text, whole
from slackwater.settings.secret import Secret


class Cache(Settings):
    """One Redis a host, reached with a password on the host's own address; nothing in it is evicted."""

    password: InstanceOf[Secret] = text(
        ...,
        "What clients say; the host itself is given its hash alone.",
        allowed="Secret.environment(…) or Secret.file(…)",
        example=Secret.environment("CACHE_PASSWORD"),
    )
    port: int = whole(6379, "Where Redis listens.", least=1024, most=65535)
    memory: int = whole(256, "What it may hold; when that is full, writes fail.", unit="MB", least=16)
