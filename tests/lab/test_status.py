"""What a person sees of a lab."""

from __future__ import annotations

from slackwater.lab.status import table

HOST = {"name": "app-1", "group": "app", "address": "10.77.0.11", "suite": "trixie", "state": "off"}


def test_the_table_has_a_line_for_each_host_under_the_url() -> None:
    """Columns stand one under the other."""
    seen = {"name": "local", "url": "http://10.77.0.211/", "https_url": None, "hosts": [HOST]}

    assert [
        "lab local: http://10.77.0.211/",
        "name   group  address     suite   state",
        "app-1  app    10.77.0.11  trixie  off",
    ] == table(seen).splitlines()
