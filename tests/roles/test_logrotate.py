"""The role logrotate, accepted by logrotate itself."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from roles.logrotate import logrotate
from slackwater import App, Logs
from slackwater.agents.logs.told import load
from tests.roles.bare import Bare
from tests.roles.test_nginx import written

UNITS = "/etc/systemd/system"
SHIPS, LAST, TIMER = (f"{UNITS}/slackwater-logs{name}" for name in (".service", "-last.service", ".timer"))
TOLD, AFTER = "/etc/slackwater/logs.json", f"{UNITS}/slackwater-shop@.service.d/logs.conf"
BUCKET = Logs(ship_to="s3://tides/logs/")


def test_logs_are_kept_compressed_and_reopened_by_signal(run_role: Any, shop: App) -> None:
    """Daily, as many as declared, and never copied and truncated."""
    files = written(run_role(logrotate, groups=("app",), data={"app": shop, "logs": Logs(keep=9)}))

    assert {"/etc/logrotate.d/nginx", "/etc/logrotate.d/slackwater-app"} == set(files)
    for text in files.values():
        words = text.split()
        assert {"daily", "compress", "sharedscripts"} <= set(words)
        assert "9" == words[words.index("rotate") + 1]
        assert "--signal=USR1" in words
        assert "copytruncate" not in words


def test_a_balancer_rotates_only_nginx(run_role: Any) -> None:
    """There is no app there."""
    assert ["/etc/logrotate.d/nginx"] == list(written(run_role(logrotate, groups=("balancer",))))


def test_logrotate_reads_it_before_it_is_there(run_role: Any) -> None:
    """The check stands before the first rename."""
    command = run_role(logrotate, groups=("balancer",)).executed_commands[0]

    assert 0 < command.index("logrotate --debug") < command.index("mv -fT")


def test_an_app_host_ships_what_its_units_and_nginx_say(run_role: Any, shop: App, tmp_path: Path) -> None:
    """Not its own words: after each run there would be something new."""
    done = run_role(logrotate, groups=("app",), data={"app": shop, "logs": BUCKET, "fleet": "blue"})
    files = written(done)
    (tmp_path / "logs.json").write_text(files[TOLD])
    told = load(tmp_path / "logs.json", tmp_path)

    assert {SHIPS, LAST, TIMER, TOLD, AFTER} <= set(files)
    for module in ("logs/__main__", "signed", "dial", "metadata", "files"):
        assert f"/usr/local/lib/slackwater/agents/{module}.py" in files
    assert ("s3://tides/logs", "blue", "@fake/me") == (told.to, told.fleet, told.host)
    assert {"slackwater-shop@*", "slackwater-shop.*", "nginx.service", "celery-*"} <= set(told.units)
    assert ("/var/log/nginx/*.log", "/var/log/slackwater/shop/*.log") == told.files
    assert not any(unit.startswith("slackwater-logs") for unit in told.units)
    assert any("systemctl start slackwater-logs.timer" in command for command in done.executed_commands)


def test_a_worker_ships_and_rotates_what_its_app_writes(run_role: Any, shop: App, tmp_path: Path) -> None:
    """Files of its tasks, words of its hooks; what logs there is stopped before the last lines are shipped."""
    done = run_role(logrotate, groups=("worker",), data={"app": shop, "logs": BUCKET})
    files = written(done)
    (tmp_path / "logs.json").write_text(files[TOLD])
    told = load(tmp_path / "logs.json", tmp_path)

    assert {"slackwater-shop.*", "celery-*"} <= set(told.units)
    assert "/var/log/slackwater/shop/*.log" in told.files
    assert "/var/log/slackwater/shop/*.log {" in files["/etc/logrotate.d/slackwater-app"]
    assert "/etc/logrotate.d/nginx" not in files
    assert "slackwater-shop.service" in files[LAST].split("Before=")[1].splitlines()[0]
    assert AFTER not in files


def test_the_last_lines_come_after_all_that_logs(run_role: Any, shop: App) -> None:
    """What is started later is stopped earlier."""
    files = written(run_role(logrotate, groups=("app",), data={"app": shop, "logs": BUCKET}))

    assert (
        "Before=nginx.service slackwater-gate.service slackwater-drain.service slackwater-shop.service" in files[LAST]
    )
    assert "After=slackwater-logs-last.service" in files[AFTER]
    assert "After=slackwater-logs-last.service" in files[SHIPS]
    assert "python3 -sP -m agents.logs /etc/slackwater/logs.json --last --seconds 20" in files[LAST]


def test_that_it_fails_is_said_and_that_it_has_run_is_not(run_role: Any) -> None:
    """systemd's word of each run is below the level that is kept; the program's own is not."""
    text = written(run_role(logrotate, groups=("balancer",), data={"logs": BUCKET}))[SHIPS]

    assert "LogLevelMax=notice\nSyslogLevel=notice\n" in text


def test_of_roots_rights_it_has_only_to_read(run_role: Any) -> None:
    """A directory is the one place beside its own where it writes; a bucket needs none."""
    texts = [
        written(run_role(logrotate, groups=("balancer",), data={"logs": Logs(ship_to=place)}))[SHIPS]
        for place in ("s3://tides/logs", "/mnt/logs")
    ]

    assert [False, True] == ["ReadWritePaths=-/mnt/logs\n" in text for text in texts]
    assert ["CapabilityBoundingSet=CAP_DAC_READ_SEARCH"] * 2 == [
        line for text in texts for line in text.splitlines() if line.startswith("CapabilityBoundingSet")
    ]


def test_a_host_that_is_told_no_place_any_more_stops(run_role: Any, shop: App) -> None:
    """What it has shipped stays where it is."""
    former = Bare(lines={f"test ! -e {SHIPS}": ["there"]})
    done = run_role(logrotate, groups=("app",), data={"app": shop}, bare=former)
    removed = done.executed_commands[-1]

    assert "systemctl disable --quiet --now slackwater-logs.timer slackwater-logs-last.service" in removed
    assert not any(
        "slackwater-logs" in command for command in run_role(logrotate, groups=("balancer",)).executed_commands
    )


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="needs systemd-analyze")
@pytest.mark.parametrize("place", ["s3://tides/logs", "/mnt/logs"])
def test_systemd_takes_the_units(run_role: Any, shop: App, tmp_path: Path, place: str) -> None:
    """Each line of them."""
    files = written(run_role(logrotate, groups=("app",), data={"app": shop, "logs": Logs(ship_to=place)}))
    places = [tmp_path / Path(unit).name for unit in (SHIPS, LAST, TIMER)]
    for unit in places:
        unit.write_text(files[f"{UNITS}/{unit.name}"])
    verify = ["systemd-analyze", "verify", "--man=no", "--recursive-errors=no", *map(str, places)]
    done = subprocess.run(verify, check=False, capture_output=True, text=True)

    assert (0, "") == (done.returncode, done.stdout + done.stderr)
    assert json.loads(files[TOLD])["ship_to"] == place
