"""Secrets of AWS on a real host: its own role resolves them, systemd hands them to the app, nobody else sees them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from slackwater.lab import Lab, LabHost
from slackwater.lab.cloud import Endpoint, cloud
from slackwater.lab.launches.relay import relay
from slackwater.lab.metadata import Instance, in_lab, serving
from tests.hosts.converge.running import converge, live_slot, out, served, settle, url

VALUES = ("hunter2-first", "hunter3-second")


@contextmanager
def answering(lab: Lab, sky: Endpoint) -> Iterator[str]:
    """Metadata with a role, and AWS at the address that it gives, where only the lab's hosts reach them."""
    network, place = lab.host("app-1").lan, urlsplit(sky.url)
    behind = (str(place.hostname), int(place.port or 0))
    with serving(in_lab(network), lambda address: Instance("i-1", address)), relay(network.machine_side, behind) as at:
        yield at


@pytest.fixture
def sky() -> Iterator[Endpoint]:
    with cloud() as endpoint:
        yield endpoint
        assert [] == endpoint.uncovered


def put(sky: Endpoint, value: str) -> None:
    sky.client("ssm").put_parameter(Name="/shop/key", Value=value, Type="SecureString", Overwrite=True)


def held(machine: LabHost) -> str:
    process = out(machine, f"systemctl show -P MainPID slackwater-shop@{live_slot(machine)}.service")
    return out(machine, f"cat /proc/{process}/root/run/credentials/*/API_KEY")


def test_a_secret_of_aws_reaches_the_app_and_nobody_else(
    passing: Callable[..., Lab], told: Callable[..., Path], sky: Endpoint
) -> None:
    """A new value is a new slot; a boot without AWS keeps the one that is there; the sentence names what is missing."""
    lab = passing("aws", app=1)
    machine = lab.host("app-1")
    secrets = 'app = app.model_copy(update={"secrets": {"API_KEY": Secret.ssm("/shop/key")}})'
    more = told(app=f"import runpy\napp = runpy.run_path('group_data/app.py')['app']\n{secrets}")
    with answering(lab, sky) as at:
        there = json.dumps({"group": "shop", "region": sky.region, "endpoint": at})
        out(machine, f"install -d /etc/slackwater && echo '{there}' > /etc/slackwater/instance.json")
        missing = converge(lab, group_data=more)
        put(sky, VALUES[0])
        first = settle(lab, group_data=more)
        slots, values = [live_slot(machine)], [held(machine)]
        put(sky, VALUES[1])
        second = settle(lab, group_data=more)
        slots, values = [*slots, live_slot(machine)], [*values, held(machine)]
    machine.reboot()
    booted = served(url(lab, "app-1", 8000)).status_code
    values.append(held(machine))
    names = out(machine, "stat -c '%a %U' /etc/slackwater/shop/*/secrets/API_KEY | sort -u")
    readable = machine.ssh("runuser -u nobody -- grep -rls hunter /etc/slackwater /srv/slackwater /run/slackwater")
    shown = out(machine, "systemctl show 'slackwater-shop@*'; ps axeww; journalctl --no-pager -o cat")

    assert 0 != missing.status, missing.said[-3000:]
    assert "SSM parameter /shop/key in eu-central-1: it does not exist" in missing.said
    assert (200, [*VALUES, VALUES[1]]) == (booted, values)
    assert slots[0] != slots[1]
    assert ("600 root", "") == (names, readable.stdout)
    assert [] == [value for value in VALUES if value in shown + missing.said + first.said + second.said]
