"""What apps carried out on hosts that are gone."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from slackwater.drill.ledgers import Ledgers


class Disks:
    """A directory an instance, with its ledger."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.there = folder, set[str]()

    def write(self, instance: str, *lines: str) -> None:
        self.there.add(instance)
        file = self.folder / instance / "ledger"
        file.parent.mkdir(exist_ok=True)
        with file.open("a") as ledger:
            ledger.writelines(f"{line}\n" for line in lines)

    def remove(self, instance: str) -> None:
        self.there.discard(instance)
        shutil.rmtree(self.folder / instance)

    def find(self) -> dict[str, Path]:
        return {instance: self.folder / instance / "ledger" for instance in self.there}


@pytest.fixture
def disks(tmp_path: Path) -> Disks:
    return Disks(tmp_path)


def test_what_was_written_last_is_read_after_the_disk_is_gone(disks: Disks) -> None:
    """Also what came after the last look."""
    ledgers = Ledgers(disks.find)
    disks.write("a", "load-1")
    ledgers.look()
    disks.write("a", "load-2")
    disks.remove("a")
    before = ledgers.texts()
    ledgers.look()

    assert ["load-1\nload-2\n"] == before
    assert before == ledgers.texts()


def test_what_is_written_after_the_cloud_has_struck_an_instance_off_is_read(disks: Disks) -> None:
    """Its machine has some seconds more, and its app is at work in them."""
    ledgers = Ledgers(disks.find)
    disks.write("a", "load-1")
    ledgers.look()
    disks.there.discard("a")
    ledgers.look()
    with (disks.folder / "a/ledger").open("a") as ledger:
        ledger.write("load-2\n")

    assert ["load-1\nload-2\n"] == ledgers.texts()


def test_an_app_that_has_carried_out_nothing_yet_has_no_ledger(disks: Disks) -> None:
    """It is opened as soon as there is one."""
    ledgers = Ledgers(disks.find)
    disks.there.add("b")
    ledgers.look()
    before = ledgers.texts()
    disks.write("b", "load-3")
    ledgers.look()
    after = ledgers.texts()
    ledgers.close()

    assert ([], ["load-3\n"]) == (before, after)
