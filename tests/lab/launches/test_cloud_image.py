"""What a host that is off is told: its environment, in which the machine is reached past the proxy."""

from __future__ import annotations

from slackwater.lab import LabHost
from slackwater.lab.launches import tell
from slackwater.lab.launches.disk import upper


def test_the_machine_is_reached_past_the_proxy_and_variables_are_added(host: LabHost) -> None:
    """Said twice it is there once; the proxy stays for everything else."""
    for index in ("http://10.0.0.1/simple", "http://127.0.0.1:9/simple"):
        tell(host, {"PIP_INDEX_URL": index})

    lines = (upper(host) / "etc/environment").read_text().splitlines()
    assert "http_proxy=http://10.77.255.1:3128" in lines
    assert f"no_proxy={host.lan.machine_side},localhost,10.77.0.0/16" in lines
    assert ["PIP_INDEX_URL=http://127.0.0.1:9/simple"] == [line for line in lines if line.startswith("PIP_")]
