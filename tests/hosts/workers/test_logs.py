"""What workers have said is on the shelf when their host is gone: drained and cut off, or switched off."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable

import pytest

from tests.hosts.balancers.desk import until
from tests.hosts.converge.running import LONG_ONLY
from tests.hosts.workers.conftest import SHELF, Works

NAME = "worker-2"
SAID = "journalctl -q --no-pager -o cat --all -b -1 -u 'celery-*@*.service'"
TIMER = "slackwater-logs.timer"
"""After a boot it would bring what the end has missed, and from a host that is gone nothing comes any more."""


def drained_and_cut(site: Works) -> None:
    site.good("drain", NAME)
    site.lab.host(NAME).power_cut()


def switched_off(site: Works) -> None:
    site.lab.host(NAME).shut_down()


@LONG_ONLY
@pytest.mark.parametrize("leave", [drained_and_cut, switched_off])
def test_the_last_words_of_workers_are_on_the_shelf(site: Works, leave: Callable[[Works], None]) -> None:
    """Also those of the stop itself; before the host has been up again to send any."""
    ordered = site.send(20, leave.__name__)
    until(lambda: site.report()["reserved"] > 4, "both to work")
    site.on(NAME, f"systemctl disable --quiet {TIMER}")
    leave(site)
    site.lab.host(NAME).start()
    site.lab.host(NAME).wait_until_ready()
    said = site.on(NAME, SAID).splitlines()
    shipped = shelved(site)
    site.on(NAME, f"systemctl enable --quiet --now {TIMER}")
    site.wait_for(ordered)

    assert any("Warm shutdown" in line for line in said), said[-5:]
    assert [] == list((Counter(said) - Counter(shipped)).elements())


def test_a_worker_host_ships_and_rotates_the_apps_own_files(site: Works) -> None:
    """Which app that is it knows from the group app."""
    folder = "/var/log/slackwater/shop"
    site.on(NAME, f"echo a-line-of-the-app > {folder}/own.log; systemctl start slackwater-logs.service")
    read = site.on(NAME, f"zcat {SHELF}/*/*/*/*-slackwater-shop-own-*.gz")
    site.on(NAME, f"rm {folder}/own.log")

    assert "a-line-of-the-app" == read
    assert f"{folder}/*.log {{" in site.on(NAME, "cat /etc/logrotate.d/slackwater-app")


def shelved(site: Works) -> list[str]:
    """Without the lines that a message has of its own."""
    packets = site.on(NAME, f"zcat {SHELF}/*/*/*/*-journal-*.gz").splitlines()
    found = [json.loads(line) for line in packets]
    return [line for one in found if one["unit"].startswith("celery-") for line in one["message"].splitlines()]
