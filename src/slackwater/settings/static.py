"""Static: files of the release that nginx serves itself."""

from __future__ import annotations

from slackwater.settings._base import Settings
from slackwater.settings._fields import text, whole


class Static(Settings):
    """Answered by nginx from the live release, with an immutable cache of `max_age` days."""

    url: str = text(
        "/static/",
        "Where the files appear.",
        pattern=r"^/([A-Za-z0-9._~-]+/)+$",
        allowed="a path such as '/static/' that begins and ends with '/', of letters, digits and any of . _ ~ -",
    )
    directory: str = text(
        "static",
        "Where they are inside the release.",
        pattern=r"^[A-Za-z0-9_~-][A-Za-z0-9._~-]*(/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)*$",
        allowed="a directory inside the source, such as 'shop/static': not absolute, no part begins with '.'",
    )
    max_age: int = whole(30, "How long a browser keeps a file.", unit="days", least=0, most=3650)
