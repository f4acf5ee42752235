"""A host that was rebooted or lost its power serves again without anybody's help."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from slackwater.lab import Lab, LabHost
from tests.hosts.converge.running import LIMIT, begin, converge, count, live_slot, out, served, settle, url
from tests.hosts.releases.site import Site

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


def cut_in_the_switch(site: Site, number: int, begin: Callable[[], subprocess.Popen[str]]) -> None:
    """Power goes just before the switch's NUMBERth rename, and comes back; nobody is left at work."""
    machine = site.lab.host("app-1")
    machine.ssh("cat > /usr/local/lib/slackwater/sitecustomize.py", input=HOOK.replace("NUMBER", str(number)))
    run = begin()
    try:
        held(machine, run)
        machine.power_cut()
    finally:
        run.kill()
        run.wait()
    machine.start()


def held(machine: LabHost, run: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + LIMIT
    while machine.ssh("test -e /run/stopped-here").returncode:
        assert run.poll() is None, "the run ended before the switch's rename"
        assert time.monotonic() < deadline, "the switch never came to its rename"
        time.sleep(0.2)


def test_power_cut_between_the_renames_of_a_switch(passing: Callable[..., Lab], tmp_path: Path) -> None:
    """Before the first, the second and the last: the host comes back with one whole slot, old until all is written.

    A release and settings in turn; the release stays when only settings change: its own link, the second rename, is
    then the last word.
    """
    site = Site(passing("cuts", app=1), tmp_path / "site")
    machine = site.lab.host("app-1")
    site.converge()
    for turn in range(count(10)):
        number, old, is_release = turn % 3 + 1, live_slot(machine), turn % 2 == 0
        if is_release:
            site.build(f"r{turn}", {"release.txt": str(turn)})
            cut_in_the_switch(site, number, lambda name=f"r{turn}": site.begin("rollout", "--release", name))
        else:
            site.tell(group=f"server = Server(workers={turn + 2})")
            cut_in_the_switch(site, number, lambda: begin(site.lab, group_data=site.told))
        answer, after = served(url(site.lab, "app-1", 8000)), live_slot(machine)
        out(machine, "rm /usr/local/lib/slackwater/sitecustomize.py")
        site.rollout(f"r{turn}") if is_release else site.converge()
        new = live_slot(machine)

        assert 200 == answer.status_code
        assert (new if number == 3 and not is_release else old) == after
        assert old != new
        assert {} == converge(site.lab, group_data=site.told).changed
