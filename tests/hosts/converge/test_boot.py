"""A host that was rebooted or lost its power serves again without anybody's help."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from slackwater.lab import Lab, LabHost
from tests.hosts.converge.running import BOOT_LIMIT, HOUSE, begin, converge, count, live_slot, out, served, settle, url

HOOK = """
import os, sys, time
if "switch" in sys.argv:
    renames = 0
    def stop(event, arguments):
        global renames
        if event == "os.rename":
            renames += 1
            if renames == NUMBER:
                open("/run/stopped-here", "w").close()
                time.sleep(600)
    sys.addaudithook(stop)
"""
"""Python's own audit hook holds the switch just before its NUMBERth rename: nothing of the product is changed."""


@pytest.mark.parametrize("host", ["app-1", "app-2"])
def test_a_rebooted_app_host_serves(serving: Lab, host: str) -> None:
    """The slot is found from `current`, before nginx starts."""
    before = live_slot(serving.host(host))
    serving.host(host).reboot()
    answer = served(url(serving, host, 8000))

    assert (200, host) == (answer.status_code, answer.json()["instance"])
    assert before == live_slot(serving.host(host))


def test_a_rebooted_balancer_serves(serving: Lab) -> None:
    """Its members are in its file."""
    serving.host("balancer-1").reboot()

    assert 200 == served(url(serving)).status_code


@pytest.mark.parametrize("host", ["app-1", "app-2"])
def test_a_host_cut_from_power_serves_when_it_is_back(serving: Lab, host: str) -> None:
    """Nothing was written in good order; what is on disk is enough."""
    machine = serving.host(host)
    machine.power_cut()
    machine.start()
    answer = served(url(serving, host, 8000))

    assert (200, host) == (answer.status_code, answer.json()["instance"])


def test_after_all_that_there_is_nothing_to_converge(serving: Lab) -> None:
    """A boot leaves the host as a converge would."""
    served(url(serving, "app-1", 8000))
    served(url(serving, "app-2", 8000))

    assert {} == settle(serving).changed


def changed(turn: int, told: Callable[..., Path], place: Path) -> Path:
    """Another release on one turn, other settings of it on the next."""
    release, workers = (turn + 2) // 2, 3 + (turn + 1) // 2
    copy = place / f"shop-{release}"
    shutil.copytree(HOUSE / "examples/shop", copy, dirs_exist_ok=True)
    (copy / "release.txt").write_text(str(release))
    source = f'app = app.model_copy(update={{"source": Source.directory("{copy}")}})'
    base = "import runpy\napp = runpy.run_path('group_data/app.py')['app']"
    return told(app=f"{base}\n{source}\nserver = Server(workers={workers})")


def cut_in_the_switch(lab: Lab, number: int, settings: Path) -> None:
    """Power goes just before the switch's NUMBERth rename, and comes back."""
    machine = lab.host("app-1")
    machine.ssh("cat > /usr/local/lib/slackwater/sitecustomize.py", input=HOOK.replace("NUMBER", str(number)))
    run = begin(lab, group_data=settings)
    try:
        held(machine)
        machine.power_cut()
    finally:
        run.kill()
        run.wait()
    machine.start()


def held(machine: LabHost) -> None:
    deadline = time.monotonic() + BOOT_LIMIT
    while machine.ssh("test -e /run/stopped-here").returncode:
        assert time.monotonic() < deadline, "the switch never came to its rename"
        time.sleep(0.2)


def test_power_cut_between_the_renames_of_a_switch(
    passing: Callable[..., Lab], told: Callable[..., Path], tmp_path: Path
) -> None:
    """Before the first, the second and the last: the host comes back with one whole slot, old until all is written."""
    lab = passing("cuts", app=1)
    machine = lab.host("app-1")
    settle(lab)
    for turn in range(count(10)):
        number, old = turn % 3 + 1, live_slot(machine)
        settings = changed(turn, told, tmp_path)
        cut_in_the_switch(lab, number, settings)
        answer, after = served(url(lab, "app-1", 8000)), live_slot(machine)
        out(machine, "rm /usr/local/lib/slackwater/sitecustomize.py")
        settle(lab, group_data=settings)
        new = live_slot(machine)

        assert 200 == answer.status_code
        # The release stays when only settings change: its own link, the second rename, is then the last word.
        assert (new if number == 3 and turn % 2 == 1 else old) == after
        assert old != new
        assert {} == converge(lab, group_data=settings).changed
