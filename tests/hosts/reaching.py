"""A lab host that is an instance of the lab's cloud: it reaches the cloud, and has credentials by IMDSv2."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from slackwater.lab import LabHost
from slackwater.lab.cloud import Endpoint
from slackwater.lab.launches.launch import place
from slackwater.lab.launches.relay import relay
from slackwater.lab.metadata import Instance, Service, in_lab, serving


@contextmanager
def reached(host: LabHost, sky: Endpoint) -> Iterator[tuple[str, Service]]:
    """The cloud's URL, good for the host and for this machine, and the host's metadata."""
    me = Instance("i-0123456789abcdef0", host.address)
    with (
        relay(host.lan.machine_side, place(sky.url)) as endpoint,
        serving(in_lab(host.lan), {host.address: me}.get) as service,
    ):
        yield endpoint, service
