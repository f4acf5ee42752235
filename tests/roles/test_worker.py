"""The role worker: the order of its steps, its units, and who runs beat."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from roles.app import app as app_role
from roles.worker import worker as worker_role
from slackwater import App, Secret, Store, Worker
from slackwater.engine import Machine, worker_slot
from slackwater.engine.values import File
from slackwater.settings import resolve
from tests.roles.bare import Bare

MACHINE = Machine("debian", "12", "bookworm", "worker-1", "3.11", cores=2, memory=4096, time_daemon="")
WORKER = Worker(application="shop:celery", queues=["mail", "images"])


def files_of(app: App, worker: Worker = WORKER, has_beat: bool = False) -> dict[str, str]:
    found = worker_slot(resolve({"app": app, "worker": worker}), MACHINE, "r1", has_beat=has_beat)
    return {
        re.sub(r"r1-[0-9a-f]{8}", "SLOT", item.path): item.content for item in found.items if isinstance(item, File)
    }


def unit_of(app: App, worker: Worker = WORKER) -> str:
    return files_of(app, worker)["/etc/systemd/system/celery-shop@SLOT.service"]


@pytest.mark.parametrize("unit", ["celery-shop", "celery-shop-beat"])
def test_the_last_lines_are_shipped_after_a_stop(shop: App, unit: str) -> None:
    """systemd stops in the other order."""
    files = files_of(shop, WORKER.model_copy(update={"beat": True}), has_beat=True)
    text = files[f"/etc/systemd/system/{unit}@SLOT.service"]

    assert "slackwater-logs-last.service" in text.split("\nAfter=")[1].splitlines()[0].split()


def data_of(app: App, tmp_path: Path, **worker: Any) -> dict[str, Any]:
    told = Worker(application="shop:celery", **worker)
    return {"app": app, "worker": told, "store": Store.directory(str(tmp_path / "store"))}


def test_a_bare_host_gets_its_workers_in_order(run_role: Any, shop: App, tmp_path: Path) -> None:
    """User, places, release, slot, switch, boot unit, pointer: nothing consumes before it is whole."""
    done = run_role(worker_role, groups=("worker",), data=data_of(shop, tmp_path))
    begins = [
        "groupadd -f -r sw-shop && useradd",
        "# write /srv/slackwater /etc/slackwater",
        "upload /srv/slackwater/shop/incoming/src-",
        "slackwater-slots install shop src-",
        "# write /etc/slackwater/shop/worker",
        "slackwater-slots switch shop src-",
        "set -eu\nsystemctl enable --quiet slackwater-shop.service",
        "slackwater-slots settle shop --proved src-",
    ]

    assert begins == [command[: len(begin)] for command, begin in zip(done.executed_commands, begins, strict=True)]


@pytest.mark.parametrize(
    ("role", "group", "said"),
    [(worker_role, "worker", "it still answers requests of shop"), (app_role, "app", "it carried out tasks")],
)
def test_what_the_host_was_before_ends_first(
    run_role: Any, shop: App, tmp_path: Path, role: Any, group: str, said: str
) -> None:
    """Nobody would know of it any more: tasks would go to a release that is not the fleet's."""
    bare = Bare(lines={"/etc/slackwater/shop/worker": ["something else"]})
    done = run_role(role, groups=(group,), data=data_of(shop, tmp_path), bare=bare)

    assert said in done.executed_commands[0]
    assert "slackwater-slots retire shop" == done.executed_commands[0].splitlines()[-1]


def test_other_hosts_are_left_alone(run_role: Any, shop: App, tmp_path: Path) -> None:
    """The group says who works."""
    assert [] == run_role(worker_role, groups=("app",), data=data_of(shop, tmp_path)).executed_commands


@pytest.mark.parametrize(("beat", "first", "expected"), [(True, "z", True), (True, "1", False), (False, "z", False)])
def test_beat_is_on_the_first_host_alone(
    run_role: Any, shop: App, tmp_path: Path, beat: bool, first: str, expected: bool
) -> None:
    """By name: two would send every scheduled task twice."""
    others = {"worker": [(f"{first}-worker", {})]}
    done = run_role(worker_role, groups=("worker",), data=data_of(shop, tmp_path, beat=beat), others=others)

    assert expected == any("celery-shop-beat@" in command for command in done.executed_commands)


def test_an_instance_that_provisions_itself_runs_no_beat(run_role: Any, shop: App, tmp_path: Path) -> None:
    """Alone in its inventory, each would be the first."""
    data = data_of(shop, tmp_path, beat=True) | {"slackwater_instance": True}
    done = run_role(worker_role, groups=("worker",), data=data)

    assert not [command for command in done.executed_commands if "-beat@" in command]


@pytest.mark.parametrize(
    "line",
    [
        "Type=notify",
        "KillMode=mixed",
        "OOMPolicy=continue",
        "Restart=always",
        "TimeoutStopSec=80",
        "WatchdogSec=90",
        "MemoryMax=1920M",
        "IPAddressDeny=169.254.169.254 fd00:ec2::254",
        "Environment=SLACKWATER_DRAIN_TIMEOUT=60",
        "Environment=SLACKWATER_VISIBILITY_TIMEOUT=3600",
        "Environment=SLACKWATER_QUEUES=mail,images",
        "ReadWritePaths=/run/slackwater/shop/backlog",
        "User=sw-shop",
    ],
)
def test_the_unit_says(shop: App, line: str) -> None:
    """It ends within its bound, and may do what the app may do, and no more."""
    assert line in unit_of(shop).splitlines()


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ({}, "--app shop:celery worker --pool prefork"),
        ({}, "--queues celery --concurrency 2 --prefetch-multiplier 1 --soft-time-limit 240 --time-limit 300"),
        ({"concurrency": 7, "prefetch": 3}, "--concurrency 7 --prefetch-multiplier 3"),
        ({"max_tasks_per_child": 100}, "--max-tasks-per-child 100"),
        ({"max_memory_per_child": 200}, "--max-memory-per-child 204800"),
        ({"queues": ["a", "b"]}, "--queues a,b"),
    ],
)
def test_celery_is_told(shop: App, told: dict[str, Any], words: str) -> None:
    """Each setting of Worker reaches the command; Celery counts memory in KiB."""
    assert words in unit_of(shop, Worker(application="shop:celery", **told))


def test_limits_that_are_off_are_not_told(shop: App) -> None:
    """Celery takes 0 for a limit of none only in some of them."""
    assert "per-child" not in unit_of(shop)


def test_secrets_come_as_credentials(shop: App, tmp_path: Path) -> None:
    """The broker's password is in a file of root's, and in no unit."""
    (tmp_path / "broker").write_text("redis://:tide@10.0.0.1/0")
    app = shop.model_copy(update={"secrets": {"BROKER_URL": Secret.file(str(tmp_path / "broker"))}})
    files = files_of(app, has_beat=True)
    units = [text for path, text in files.items() if "/systemd/" in path]

    assert "redis://:tide@10.0.0.1/0" == files["/etc/slackwater/shop/SLOT/secrets/BROKER_URL"]
    assert 2 == len(units)
    assert not [text for text in units if "tide" in text]
    assert all("LoadCredential=BROKER_URL:/etc/slackwater/shop/" in text for text in units)


@pytest.mark.parametrize("change", [{"concurrency": 3}, {"queues": ["mail"]}, {"drain_timeout": 30}])
def test_a_change_is_another_slot(shop: App, change: dict[str, Any]) -> None:
    """Nothing that works is restarted."""
    other = Worker(application="shop:celery", **({"queues": ["mail", "images"]} | change))
    names = {worker_slot(resolve({"app": shop, "worker": each}), MACHINE, "r1", has_beat=False).name
             for each in (WORKER, other)}  # fmt: skip

    assert 2 == len(names)


def test_the_slot_knows_how_it_is_stopped(shop: App) -> None:
    """And whether a beat belongs to it."""
    facts = json.loads(files_of(shop, has_beat=True)["/etc/slackwater/shop/SLOT/slot.json"])

    assert ("r1", True, 80) == (facts["release"], facts["beat"], facts["stop_timeout"])


def test_systemd_understands_the_units(shop: App, tmp_path: Path) -> None:
    """Worker and beat, by systemd's own check, beside a stand-in for the program they start."""
    folder = tmp_path / "units"
    folder.mkdir()
    for path, text in files_of(shop, has_beat=True).items():
        if "/systemd/" in path:
            name = path.rpartition("/")[2].replace("SLOT", "r1-0123abcd")
            (folder / name).write_text(re.sub(r"^ExecStart=\S+", "ExecStart=/bin/true", text, flags=re.MULTILINE))
    words = ["systemd-analyze", "verify", "--man=no", "--recursive-errors=no", *map(str, folder.iterdir())]
    done = subprocess.run(words, capture_output=True, text=True, check=False)

    assert (2, 0) == (len(list(folder.iterdir())), done.returncode), done.stderr
