"""`slackwater logs`: what an operator sees of hosts that are gone, and what they are told when there is nothing."""

from __future__ import annotations

import gzip
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from slackwater.cli import cli
from slackwater.errors import SlackwaterError

NOW = datetime.now(UTC)
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
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two hosts have shipped: one an hour ago, one also just now."""
    shelf, old = tmp_path / "shelf", NOW - timedelta(hours=1)
    for folder in ("inventories", "group_data", "shelf"):
        (tmp_path / folder).mkdir()
    (tmp_path / "inventories/prod.py").write_text('app = ["app-1"]\n')
    (tmp_path / "group_data/all.py").write_text(f"from slackwater import *\nlogs = Logs(ship_to={str(shelf)!r})\n")
    put(shelf, HOSTS[0], "journal", old, entry(old, "hello"))
    put(shelf, HOSTS[1], "journal", old, *(entry(old, f"old {number}") for number in range(3)))
    put(shelf, HOSTS[1], "journal", NOW, entry(old, "late"), entry(NOW, "last\nwords"))
    put(shelf, HOSTS[1], "nginx-access", NOW, '{"status":200}')
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*words: str) -> Result:
    return CliRunner().invoke(cli, ["logs", "inventories/prod.py", *words])


def test_which_hosts_have_shipped(project: Path) -> None:
    """The one that was heard last stands last; it need not be in the inventory."""
    said, told = run(), run("--json")

    assert list(HOSTS) == [line.split()[0] for line in said.output.splitlines()]
    assert list(HOSTS) == [json.loads(line)["host"] for line in told.output.splitlines()]
    assert (0, 0) == (said.exit_code, told.exit_code)


def test_the_last_lines_of_a_host(project: Path) -> None:
    """In their order, with time and unit; a file's as they were written."""
    lines = run(HOSTS[1]).output
    access, both = run(HOSTS[1], "--source", "nginx-access").output, run(HOSTS[1], "--source", "all", "--lines", "1")

    assert lines.endswith(f"{stamp(NOW)} slackwater-shop@r1.service: last\nwords\n")
    assert ["old 0", "old 1", "old 2", "late"] == [line.partition(": ")[2] for line in lines.splitlines()[:4]]
    assert '{"status":200}\n' == access == both.output


def test_only_what_is_younger(project: Path) -> None:
    """By age or by time; a line that came late is judged by its own."""
    for since in ("5m", stamp(NOW - timedelta(minutes=5)), f"{NOW - timedelta(minutes=5):%Y-%m-%dT%H:%M:%S}"):
        told = json.loads(run(HOSTS[1], "--since", since, "--json").output)

        assert ("last\nwords", HOSTS[1], "journal") == (told["text"], told["host"], told["source"])


def test_a_host_that_has_shipped_nothing(project: Path) -> None:
    """Not an empty answer: a name that was mistyped must not look like silence."""
    result = run("i-nobody")

    assert isinstance(result.exception, SlackwaterError)
    assert f"{project}/shelf has nothing of i-nobody" in str(result.exception)


@pytest.mark.parametrize(
    ("told", "said"), [("", "logs.ship_to must be given"), ("ship_to='/nowhere'", "is /nowhere, which is not on this")]
)
def test_where_nothing_can_be_read(project: Path, told: str, said: str) -> None:
    """Nothing is shipped, or to a directory that this machine has not."""
    (project / "group_data/all.py").write_text(f"from slackwater import *\nlogs = Logs({told})\n")
    result = run(HOSTS[0])

    assert isinstance(result.exception, SlackwaterError)
    assert said in str(result.exception)


def test_a_time_that_is_none(project: Path) -> None:
    """Said before anything is read."""
    result = run(HOSTS[0], "--since", "yesterday")

    assert (2, True) == (result.exit_code, "must be an age such as 30m, 6h or 2d" in result.output)
