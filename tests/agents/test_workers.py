"""A worker host's slots: their units, what they answer, and a beat that is never there twice."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from slackwater.agents.drain.around import Surroundings
from slackwater.agents.drain.core import EVERY_WORKER
from slackwater.agents.drain.units import Units
from slackwater.agents.slots import workers
from slackwater.agents.slots.layout import Layout
from slackwater.agents.slots.prune import retire
from slackwater.agents.slots.running import SwitchError, stop_others
from slackwater.agents.slots.status import line
from slackwater.agents.slots.switch import switch
from tests.agents.conftest import MakeSlot

SYSTEMCTL = """#!/bin/sh
# Units that are active are files in units/; what it is told is a line in said.
cd "$HOST_HOME" || exit 1
case $1 in
show) [ -e "units/$4" ] && echo ActiveState=active || echo ActiveState=inactive ;;
list-units) for unit in units/*; do case ${unit#units/} in $5) echo "${unit#units/} loaded active -" ;; esac; done ;;
daemon-reload) [ ! -e leaves ] || touch "$(cat leaves)" ;;
stop) shift; echo "stop $*" >>said; for unit; do rm -f "units/$unit"; done ;;
start) shift; echo "start $*" >>said; for unit; do case $unit in --*) ;; *) touch "units/$unit" ;; esac; done ;;
*) echo "$*" >>said ;;
esac
"""
OLD, NEW = "r1-aaaaaaaa", "r2-bbbbbbbb"
Said = Callable[[], list[str]]


@pytest.fixture
def worker(layout: Layout) -> Layout:
    (layout.settings / "worker").write_text("")
    (layout.root / "run/slackwater-drain").mkdir(parents=True)
    return layout


@pytest.fixture
def said(worker: Layout, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Said:
    """What systemctl was told, without --options."""
    (tmp_path / "bin").mkdir()
    (tmp_path / "units").mkdir()
    program = tmp_path / "bin/systemctl"
    program.write_text(SYSTEMCTL)
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"), prepend=":")
    monkeypatch.setenv("HOST_HOME", str(tmp_path))
    log = tmp_path / "said"
    return lambda: log.read_text().replace("--no-block ", "").splitlines() if log.exists() else []


def running(layout: Layout, *units: str) -> None:
    for unit in units:
        (layout.root / "units" / unit).touch()


def test_a_slot_is_celerys_unit_and_perhaps_a_beat(worker: Layout, make_slot: MakeSlot) -> None:
    """No socket: nobody connects to it."""
    make_slot(OLD, "r1")
    make_slot(NEW, "r2", beat=True)

    assert [f"celery-shop@{OLD}.service"] == worker.units_of(OLD)
    assert [f"celery-shop@{NEW}.service", f"celery-shop-beat@{NEW}.service"] == worker.units_of(NEW)
    assert f"celery-shop-beat@{NEW}.service" in [path.name for path in worker.unit_files(NEW)]
    assert "celery-shop-beat@*.service" in worker.patterns()


def test_a_slot_without_settings_has_no_beat(worker: Layout) -> None:
    """Somebody removed them; it can still be stopped."""
    assert ["celery-shop@gone-cccccccc.service"] == worker.units_of("gone-cccccccc")


def test_an_app_hosts_slot_stays_what_it_was(layout: Layout, make_slot: MakeSlot) -> None:
    """Socket and service."""
    make_slot(OLD, "r1")

    assert [f"slackwater-shop@{OLD}.{kind}" for kind in ("socket", "service")] == layout.units_of(OLD)


def test_it_answers_when_it_consumes(worker: Layout, make_slot: MakeSlot, said: Said) -> None:
    """By systemd's word, which Celery itself has given."""
    make_slot(OLD, "r1")
    before = workers.answer(worker, OLD)
    running(worker, worker.unit(OLD, "service"))

    assert (f"celery-shop@{OLD}.service is inactive", "") == (before, workers.answer(worker, OLD))


def test_beat_ends_before_another_begins(worker: Layout, make_slot: MakeSlot, said: Said) -> None:
    """And goes where the new slot has none; one that runs is left alone."""
    make_slot(OLD, "r1", beat=True)
    make_slot(NEW, "r2", beat=True)
    make_slot("r3-cccccccc", "r3")
    running(worker, worker.beat(OLD))
    for slot in (NEW, NEW, "r3-cccccccc"):
        workers.move_beat(worker, slot)

    old, new = worker.beat(OLD), worker.beat(NEW)
    assert [f"stop {old}", f"start {new}", f"start {new}", f"stop {new}"] == said()


def test_a_beat_that_was_left_alone_ends(worker: Layout, make_slot: MakeSlot, said: Said) -> None:
    """A switch died between the two, and the new slot has none: another host's would be the second."""
    make_slot(OLD, "r1", beat=True, stop_timeout=1, idle_timeout=0)
    make_slot(NEW, "r2")
    running(worker, worker.beat(OLD), worker.unit(NEW, "service"))
    stop_others(worker, NEW)

    assert f"stop {worker.unit(OLD, 'service')} {worker.beat(OLD)}" in said()


def test_no_beat_begins_on_a_host_that_leaves(worker: Layout, make_slot: MakeSlot, said: Said) -> None:
    """The drain came while the new slot was proved, and has looked already."""
    make_slot(OLD, "r1", beat=True)
    make_slot(NEW, "r2", beat=True)
    running(worker, worker.beat(OLD))
    (worker.root / "run/slackwater-drain/draining").touch()
    workers.move_beat(worker, NEW)

    assert [f"stop {worker.beat(OLD)}"] == said()


def test_a_drained_host_starts_nothing(worker: Layout, make_slot: MakeSlot, said: Said) -> None:
    """At a boot, by a converge or by a rollout; what is live there is not to be mended."""
    make_slot(OLD, "r1", public=[], beat=True)
    (worker.root / "run/slackwater-drain/draining").touch()
    (worker.home / "releases/r1").mkdir()
    (worker.home / "releases/r1/release.json").write_text("{}")
    worker.slot_of("r1").symlink_to(f"../{OLD}")
    worker.current.symlink_to("releases/r1")
    workers.serve(worker, OLD)

    assert f"live {OLD}" == line(worker)
    with pytest.raises(SwitchError, match="out of service"):
        switch(worker, OLD)
    assert [] == [each for each in said() if each.startswith("start")]


def test_a_host_that_leaves_during_a_rollout_starts_nothing(
    worker: Layout, make_slot: MakeSlot, said: Said, tmp_path: Path
) -> None:
    """What a switch does before the start may take minutes, and past its own step the leave looks at no unit."""
    make_slot(NEW, "r2", public=[], stable=0, proofs=1, start_deadline=0)
    (worker.home / "releases/r2").mkdir(parents=True)
    (worker.home / "releases/r2/release.json").write_text("{}")
    (tmp_path / "leaves").write_text(str(worker.root / "run/slackwater-drain/draining"))
    with pytest.raises(SwitchError, match="out of service"):
        switch(worker, NEW)

    assert worker.is_drained
    assert [] == [each for each in said() if each.startswith("start")]


def test_a_host_that_becomes_another_kind_ends_its_workers(worker: Layout, make_slot: MakeSlot, said: Said) -> None:
    """Worker, beat and settings; a beat that is left alone would go on for ever."""
    make_slot(OLD, "r1", beat=True, stop_timeout=300)
    units = [worker.unit(OLD, "service"), worker.beat(OLD)]
    running(worker, *units)
    retire(worker)

    assert f"stop slackwater-shop.service {' '.join(units)}" == said()[0]
    assert not worker.settings.exists()
    assert [] == list(worker.units.iterdir())


@pytest.mark.parametrize("has_beat", [True, False])
def test_a_host_that_is_called_back_starts_what_was_stopped(worker: Layout, has_beat: bool) -> None:
    """By a user who may not read the slot's settings; the beat too, where there was one."""
    (worker.home / "releases/r1").mkdir()
    worker.slot_of("r1").symlink_to(f"../{OLD}")
    worker.current.symlink_to("releases/r1")
    own = [worker.unit(OLD, "service"), *([worker.beat(OLD)] if has_beat else [])]
    for unit in own:
        (worker.units / unit).touch()
    units = Units(worker, Surroundings(clock=lambda: 0.0, boot="this", log=print))

    assert own == units.wanted(own) == units.wanted([EVERY_WORKER])
    assert [] == units.wanted([])


def test_a_host_that_serves_starts_all_of_its_slot(worker: Layout, make_slot: MakeSlot, said: Said) -> None:
    """Worker and beat."""
    make_slot(OLD, "r1", beat=True)
    workers.serve(worker, OLD)

    assert [f"start celery-shop@{OLD}.service celery-shop-beat@{OLD}.service"] == said()
