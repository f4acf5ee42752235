"""Secrets of AWS on a real host: its own role resolves them, systemd hands them to the app, nobody else sees them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread

import pytest
from werkzeug.serving import make_server

from slackwater.lab import Lab, LabHost
from slackwater.lab.addressing import METADATA
from slackwater.lab.metadata import Instance, Service, in_lab
from tests.agents.upstreams.cloud import Cloud, Silent
from tests.hosts.converge.running import converge, live_slot, out, served, settle, url

VALUES = ("hunter2-first", "hunter3-second")
PORT = 5000


@contextmanager
def answering(lab: Lab, cloud: Cloud) -> Iterator[None]:
    """Metadata with a role, and AWS beside it, where only the lab's hosts reach them."""
    network = lab.host("app-1").lan
    metadata = Service(in_lab(network), lambda address: Instance("i-1", address))
    listening = in_lab(network, PORT)
    aws = make_server(METADATA, PORT, cloud, threaded=True, request_handler=Silent, fd=listening.fileno())
    for server in (metadata, aws):
        Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield
    finally:
        for server in (metadata, aws):
            server.shutdown()
            server.server_close()


@pytest.fixture
def cloud() -> Iterator[Cloud]:
    made = Cloud()
    yield made
    made.stop()


def put(cloud: Cloud, value: str) -> None:
    cloud.client("ssm").put_parameter(Name="/shop/key", Value=value, Type="SecureString", Overwrite=True)


def held(machine: LabHost) -> str:
    process = out(machine, f"systemctl show -P MainPID slackwater-shop@{live_slot(machine)}.service")
    return out(machine, f"cat /proc/{process}/root/run/credentials/*/API_KEY")


def test_a_secret_of_aws_reaches_the_app_and_nobody_else(
    passing: Callable[..., Lab], told: Callable[..., Path], cloud: Cloud
) -> None:
    """A new value is a new slot; a boot without AWS keeps the one that is there; the sentence names what is missing."""
    lab = passing("aws", app=1)
    machine = lab.host("app-1")
    told_endpoint = json.dumps({"endpoint": f"http://{METADATA}:{PORT}"})
    out(machine, f"install -d /etc/slackwater && echo '{told_endpoint}' > /etc/slackwater/instance.json")
    secrets = 'app = app.model_copy(update={"secrets": {"API_KEY": Secret.ssm("/shop/key")}})'
    more = told(app=f"import runpy\napp = runpy.run_path('group_data/app.py')['app']\n{secrets}")
    with answering(lab, cloud):
        missing = converge(lab, group_data=more)
        put(cloud, VALUES[0])
        first = settle(lab, group_data=more)
        slots, values = [live_slot(machine)], [held(machine)]
        put(cloud, VALUES[1])
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
