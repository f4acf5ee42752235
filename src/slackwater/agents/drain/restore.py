"""Before nginx starts: a host that was out when it went down comes up with its gate closed."""

from __future__ import annotations

import sys
import time
from pathlib import Path

from . import files, gate
from .orders import orders
from .told import load


def main() -> None:
    """`python3 -m agents.drain.restore /etc/slackwater/drain.json`; the second word is a root of one's own."""
    told = load(Path(sys.argv[1]), Path(sys.argv[2] if len(sys.argv) > 2 else "/"))
    now = time.time()
    leave = files.load(told, files.stamp(now, files.boot_id(told.run)))
    gate.put(told.flag, orders(leave, now, told.rules).gate)
    print(f"the gate is {orders(leave, now, told.rules).gate}: {leave.state}", file=sys.stderr)


if __name__ == "__main__":
    main()
