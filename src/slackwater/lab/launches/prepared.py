"""A lab host whose disk is the image that `slackwater image prepare` makes."""

from __future__ import annotations

import time

from slackwater.lab.host import LabHost
from slackwater.lab.launches.disk import let_in
from slackwater.lab.launches.project import Project
from slackwater.lab.metadata import Instance, in_lab, serving

LIMIT = 300.0
"""Seconds until cloud-init has ended, on a machine that others load as well."""


def prepare(host: LabHost, project: Project) -> None:
    """The host, off with a cloud image on its disk, is launched outside of any group, prepared, and off again."""
    builder = Instance(f"i-builder{time.time_ns()}", host.address)
    with serving(in_lab(host.lan), {host.address: builder}.get):
        host.start()
        host.wait_until_ready(LIMIT)
        project.prepare(host)
    host.power_cut()
    let_in(host)
