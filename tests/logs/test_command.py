"""`slackwater logs`: what an operator sees of hosts that are gone, and what they are told when there is nothing."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

HOSTS = ("app-1", "i-0123456789abcdef0")


def stamp(at: datetime) -> str:
    return at.isoformat(timespec="microseconds").replace("+00:00", "Z")


def put(shelf: Path, host: str, source: str, at: datetime, *lines: str) -> None:
    path = shelf / f"production/{host}/{at:%Y-%m-%d}/{at:%H%M%S.%fZ}-{source}-0123456789ab.gz"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress("".join(f"{line}\n" for line in lines).encode()))


def entry(at: datetime, message: str) -> str:
    return json.dumps({"time": stamp(at), "unit": "slackwater-shop@r1.service", "pid": "7", "message": message})


@pytest.fixture
def now() -> datetime:
    """The test's own: a run may have begun an hour ago."""
    return datetime.now(UTC)


@pytest.fixture
def project(tmp_path: Path, now: datetime) -> Path:
    """Two hosts have shipped: one an hour ago, one also just now."""
    shelf, old = tmp_path / "shelf", now - timedelta(hours=1)
    for folder in ("inventories", "group_data", "shelf"):
        (tmp_path / folder).mkdir()
    (tmp_path / "inventories/prod.py").write_text('app = ["app-1"]\n')
    (tmp_path / "group_data/all.py").write_text(f"from slackwater import *\nlogs = Logs(ship_to={str(shelf)!r})\n")
    put(shelf, HOSTS[0], "journal", old, entry(old, "hello"))
    put(shelf, HOSTS[1], "journal", old, *(entry(old, f"old {number}") for number in range(3)))
    put(shelf, HOSTS[1], "journal", now, entry(old, "late"), entry(now, "last\nwords"))
    put(shelf, HOSTS[1], "nginx-access", now, '{"status":200}')
    return tmp_path


def run(project: Path, *words: str) -> tuple[int, str]:
    """Its exit status, and all it said."""
    code = "import sys; from slackwater.cli import main; sys.argv[0] = 'slackwater'; main()"
    line = [sys.executable, "-c", code, "logs", "inventories/prod.py", *words]
    done = subprocess.run(line, cwd=project, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def test_which_hosts_have_shipped(project: Path) -> None:
    """The one that was heard last stands last; it need not be in the inventory."""
    (status, said), (_, told) = run(project), run(project, "--json")

    assert (0, list(HOSTS)) == (status, [line.split()[0] for line in said.splitlines()])
    assert list(HOSTS) == [json.loads(line)["host"] for line in told.splitlines()]


def test_the_last_lines_of_a_host(project: Path, now: datetime) -> None:
    """In their order, with time and unit; a file's as they were written."""
    _, lines = run(project, HOSTS[1])
    _, access = run(project, HOSTS[1], "--source", "nginx-access")
    _, both = run(project, HOSTS[1], "--source", "all", "--lines", "1")

    assert lines.endswith(f"{stamp(now)} slackwater-shop@r1.service: last\nwords\n")
    assert ["old 0", "old 1", "old 2", "late"] == [line.partition(": ")[2] for line in lines.splitlines()[:4]]
    assert '{"status":200}\n' == access == both


def test_only_what_is_younger(project: Path, now: datetime) -> None:
    """By age or by time; a line that came late is judged by its own."""
    since = now - timedelta(minutes=5)
    for said in ("5m", stamp(since), f"{since:%Y-%m-%dT%H:%M:%S}"):
        told = json.loads(run(project, HOSTS[1], "--since", said, "--json")[1])

        assert ("last\nwords", HOSTS[1], "journal") == (told["text"], told["host"], told["source"])


def test_a_host_that_has_shipped_nothing(project: Path) -> None:
    """Not an empty answer: a name that was mistyped must not look like silence."""
    assert (1, f"{project}/shelf has nothing of i-nobody that was asked for\n") == run(project, "i-nobody")


@pytest.mark.parametrize(
    ("told", "said"), [("", "logs.ship_to must be given"), ("ship_to='/nowhere'", "is /nowhere, which is not on this")]
)
def test_where_nothing_can_be_read(project: Path, told: str, said: str) -> None:
    """Nothing is shipped, or to a directory that this machine has not."""
    (project / "group_data/all.py").write_text(f"from slackwater import *\nlogs = Logs({told})\n")
    status, found = run(project, HOSTS[0])

    assert (1, True) == (status, said in found), found


def test_a_time_that_is_none(project: Path) -> None:
    """Said before anything is read."""
    status, said = run(project, HOSTS[0], "--since", "yesterday")

    assert (2, True) == (status, "must be an age such as 30m, 6h or 2d" in said), said
