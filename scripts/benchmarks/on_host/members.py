"""members.py api|agent PORT ADDRESS...: makes these the members, through the API or by the agent's own file."""

from __future__ import annotations

import sys

from common import member, place, put, serving_slackwater, tell_agent, wait_until


def main(how: str, port: str, *addresses: str) -> None:
    if how == "api":
        put([member(f"b{n}", address, int(port)) for n, address in enumerate(addresses, 1)])
        return
    tell_agent([place(f"b{n}", address, int(port)) for n, address in enumerate(addresses, 1)])
    wait_until(lambda: set(addresses) == serving_slackwater(), f"{len(addresses)} members serve")


main(*sys.argv[1:])
