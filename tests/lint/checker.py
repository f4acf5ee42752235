"""Checks projects named on standard input: a process of its own, because pyinfra's command line patches its process."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from slackwater.lint import check

for line in sys.stdin:
    asked = json.loads(line)
    os.chdir(asked["project"])
    faults = check(asked["inventory"], asked["group_data"], asked["data"], Path.cwd())
    sys.stdout.write(json.dumps([fault.as_json() for fault in faults]) + "\n")
    sys.stdout.flush()
