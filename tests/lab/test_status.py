"""What a person sees of a lab."""

from __future__ import annotations

import pytest

from slackwater.lab import LabHost
from slackwater.lab.addressing import Network
from slackwater.lab.places import PLACES
from slackwater.lab.records import HostRecord
from slackwater.lab.status import address_of_balancers, table

HOST = {"name": "app-1", "group": "app", "address": "10.77.0.11", "suite": "trixie", "state": "off"}


def test_the_table_has_a_line_for_each_host_under_the_url() -> None:
    """Columns stand one under the other."""
    seen = {"name": "local", "url": "http://10.77.0.211/", "https_url": None, "hosts": [HOST]}

    assert [
        "lab local: http://10.77.0.211/",
        "name   group  address     suite   state",
        "app-1  app    10.77.0.11  trixie  off",
    ] == table(seen).splitlines()


@pytest.mark.parametrize(
    ("names", "address"),
    [
        (["app-1"], None),
        (["app-1", "balancer-1"], "10.77.3.211"),
        (["app-1", "balancer-1", "balancer-2"], "10.77.3.254"),
    ],
)
def test_the_url_goes_to_whichever_balancer_has_the_address(names: list[str], address: str | None) -> None:
    """To the only one's own where there is one; nowhere without."""
    lan = Network("local", 3)
    hosts = [LabHost(HostRecord(name, "bookworm", "b-1"), lan, PLACES) for name in names]

    assert address == address_of_balancers(hosts)
