"""An app's places on a VM, below a directory of their own; and the instance that it is in the lab's cloud."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from slackwater.agents.slots.layout import Layout
from slackwater.lab.cloud import Endpoint, cloud
from slackwater.lab.metadata import Instance, Service, listening, serving

MakeRelease = Callable[..., None]
MakeSlot = Callable[..., None]


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    place = Layout("shop", tmp_path)
    for folder in (place.home / "releases", place.settings / "live", place.run, place.units):
        folder.mkdir(parents=True)
    return place


@pytest.fixture
def make_slot(layout: Layout) -> MakeSlot:
    def make(slot: str, release: str, **facts: object) -> None:
        (layout.settings / slot / "secrets").mkdir(parents=True)
        (layout.settings / slot / "slot.json").write_text(json.dumps({"release": release} | facts))
        for unit in layout.unit_files(slot):
            unit.write_text("")

    return make


@pytest.fixture
def make_release(layout: Layout, make_slot: MakeSlot) -> MakeRelease:
    """A finished release; its slot is `<name>-aaaaaaaa`, proved with it at the same time unless `proved` is False."""

    def make(name: str, made: float, proved: bool = True) -> None:
        layout.release(name).mkdir()
        marker = layout.release(name) / "release.json"
        marker.write_text("{}")
        os.utime(marker, (made, made))
        make_slot(f"{name}-aaaaaaaa", name)
        if proved:
            layout.slot_of(name).symlink_to(f"../{name}-aaaaaaaa")
            os.utime(layout.slot_of(name), (made, made), follow_symlinks=False)

    return make


@pytest.fixture(scope="module")
def endpoint() -> Iterator[Endpoint]:
    """One cloud for all tests of a file: it takes its time to start."""
    with cloud() as running:
        yield running
        assert ([], []) == (running.uncovered, running.misshapen)


@pytest.fixture
def me() -> Instance:
    return Instance("i-0123456789abcdef0", "127.0.0.1")


@pytest.fixture
def service(me: Instance, monkeypatch: pytest.MonkeyPatch) -> Iterator[Service]:
    """Where the instance reads of itself, and finds its role."""
    with serving(listening(), lambda _: me) as found:
        monkeypatch.setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", found.url)
        yield found


@pytest.fixture
def sky(endpoint: Endpoint, service: Service, monkeypatch: pytest.MonkeyPatch) -> Endpoint:
    """The cloud as an instance in it finds it."""
    endpoint.recover()
    monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint.url)
    return endpoint
