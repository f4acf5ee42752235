"""Runs before systemd ends a balancer's nginx: its answers close kept connections, so that its end cuts nobody off."""

from __future__ import annotations

import http.client
import sys
import time
from pathlib import Path

from .slots.counters import STUB_STATUS, kept
from .slots.probe import UnixConnection

API = Path("/run/slackwater-balancer/members.sock")
API_TIMEOUT = 2.0
"""Seconds: nginx answers at once or will close nothing."""
LEAST, MOST = 2.0, 10.0
"""Seconds. Another balancer has taken the address within the first; who is silent up to the second is cut off."""
LOOK = 0.1


def close_kept(
    api: Path = API, nginx: tuple[str, int] = STUB_STATUS, *, least: float = LEAST, most: float = MOST
) -> str:
    """Returns when no kept connection is left, at least after `least` and at most after `most` seconds; what was done.

    Raises OSError and http.client.HTTPException when nginx's API does not answer.
    """
    begun = time.monotonic()
    _ask_for_it(api)
    while (passed := time.monotonic() - begun) < least or (kept(nginx) and passed < most):
        time.sleep(LOOK)
    return f"{kept(nginx) or 0} kept connections are left after {passed:.1f} s"


def _ask_for_it(api: Path) -> None:
    connection = UnixConnection(api, API_TIMEOUT)
    try:
        connection.request("PUT", "/closing")
        answer = connection.getresponse()
    finally:
        connection.close()
    if answer.status != http.client.OK:
        raise http.client.HTTPException(f"{api} answers PUT /closing with {answer.status}")


def main() -> int:
    """Whatever fails here, nginx ends all the same."""
    try:
        print(close_kept())
    except (OSError, http.client.HTTPException) as error:
        print(f"kept connections are not closed in order: {error or type(error).__name__}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
