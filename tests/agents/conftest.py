"""An app's places on a VM, below a directory of their own."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from slackwater.agents.slots.layout import Layout

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
