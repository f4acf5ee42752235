"""Cors: which other sites' pages may read the app's answers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal, get_args

from pydantic import AfterValidator

from slackwater.settings._base import Settings
from slackwater.settings._faults import Fault
from slackwater.settings._fields import AS_TUPLE, matching, switch, text, whole

HOST = r"([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
ORIGIN = rf"https?://({HOST}|\[[0-9a-f:]+\])(:[1-9][0-9]{{0,4}})?"
ORIGIN_ALLOWED = "an origin such as 'https://shop.example.com', in lower case, without '*' and without a path"
Origin = Annotated[str, AfterValidator(matching(ORIGIN, ORIGIN_ALLOWED))]
HEADER_ALLOWED = "a header's name such as 'Content-Type'"
Header = Annotated[str, AfterValidator(matching(r"[A-Za-z0-9-]{1,64}", HEADER_ALLOWED))]
Method = Literal["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]


class Cors(Settings):
    """The balancer answers preflights itself and puts its own headers in the place of the app's."""

    origins: Annotated[tuple[Origin, ...], AS_TUPLE] = text(
        ...,
        "The sites that may; all others may not.",
        allowed=f"a list of origins, each {ORIGIN_ALLOWED}",
        example=("https://app.example.com",),
    )
    methods: Annotated[tuple[Method, ...], AS_TUPLE] = text(
        ("GET", "HEAD", "POST"),
        "What their pages may do: what browsers send without asking. Name others that the app expects from them.",
        allowed="any of " + ", ".join(repr(value) for value in get_args(Method)),
    )
    headers: Annotated[tuple[Header, ...], AS_TUPLE] = text(
        ("Content-Type",),
        "Which headers their pages may send: the one that JSON needs. An app with tokens wants 'Authorization' too.",
        allowed=f"a list of names, each {HEADER_ALLOWED}",
    )
    credentials: bool = switch(False, "Whether their pages may send cookies and other credentials.")
    max_age: int = whole(
        600,
        "How long a browser remembers a preflight's answer: fewer questions, but so long a change goes unseen.",
        unit="seconds",
        most=86400,
    )

    def conflicts(self) -> Iterator[Fault]:
        if not self.origins:
            yield self.fault("origins", f"must name at least one origin, each {ORIGIN_ALLOWED}")
