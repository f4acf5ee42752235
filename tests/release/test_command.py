"""The command `slackwater release`: its words, its exit status, and what it reads of an inventory."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from slackwater import App, Source
from slackwater.release import Proved, open_releases
from slackwater.release.cli import release as command
from slackwater.settings import Store

MAIN = "from slackwater.cli import main; main()"
HELLO = App(name="hello", entrypoint="hello:app", source=Source.directory("app"))
APP = """
from slackwater import *
app = App(name="hello", entrypoint="hello:app", source=Source.directory("app"){more})
"""


def release(project: Path, *words: str) -> subprocess.CompletedProcess[str]:
    line = [sys.executable, "-c", MAIN, "release", *words]
    return subprocess.run(line, cwd=project, capture_output=True, text=True, check=False)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    files = {
        "app/hello.py": "app = None\n",
        "inventories/prod.py": 'app = ["app-1", "app-2"]\nbalancer = ["balancer-1"]\n',
        "group_data/app.py": APP.format(more=""),
    }
    for name, text in files.items():
        path = tmp_path / "project" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path / "project"


def test_a_release_is_built_and_listed(project: Path) -> None:
    """Progress goes to stderr, the result to stdout."""
    built = release(project, "build", "inventories/prod.py", "--id", "2026-11-21.1")
    listed = release(project, "list", "inventories/prod.py")
    manifest = open_releases(Store.directory(".slackwater/store"), project).get("hello", "2026-11-21.1").manifest

    assert (0, 0, "") == (built.returncode, listed.returncode, listed.stderr)
    assert rf"hello 2026-11-21.1: 8 kB, sha256 {manifest.sha256}" == built.stdout.strip()
    assert ["resolving app", "packed, 8 kB", f"stored in {project}/.slackwater/store"] == [
        line.partition(": ")[2] for line in built.stderr.splitlines()
    ]
    assert [
        "release       created              commit  python      size  wheels  proved in",
        f"2026-11-21.1  {manifest.created[:19].replace('T', ' ')}  -       the host's  8 kB  no      -",
    ] == listed.stdout.splitlines()


def test_a_list_shows_what_is_proved_where(project: Path) -> None:
    """The inventory's own fleet is marked; newest first."""
    releases = open_releases(Store.directory(".slackwater/store"), project)
    first, _ = (releases.build(HELLO, id=name) for name in ("1", "2"))
    for fleet in ("production", "staging"):
        releases.prove("hello", fleet, Proved.here(first))
    releases.prove("hello", "blue", replace(Proved.here(first), release="0"))
    listed = release(project, "list", "inventories/prod.py")
    seen = json.loads(release(project, "list", "inventories/prod.py", "--json").stdout)

    assert f"fleet blue: its proved release 0 is not in {project}/.slackwater/store\n" == listed.stderr
    assert [["2", "-"], ["1", "production*, staging"]] == [
        [line.split()[0], re.split("  +", line)[-1]] for line in listed.stdout.splitlines()[1:]
    ]
    assert ("production", ["2", "1"]) == (seen["fleet"], [each["id"] for each in seen["releases"]])
    assert [[], ["production", "staging"]] == [each["proved"] for each in seen["releases"]]


def test_a_new_fleet_begins_with_a_named_release(project: Path) -> None:
    """Only the first is named by hand; a release that is not there is none."""
    release(project, "build", "inventories/prod.py", "--id", "first")
    unknown = release(project, "prove", "inventories/prod.py", "second")
    proved = release(project, "prove", "inventories/prod.py", "first")
    again = release(project, "prove", "inventories/prod.py", "first")
    found = open_releases(Store.directory(".slackwater/store"), project).proved("hello", "production")

    assert (1, 0, 1) == (unknown.returncode, proved.returncode, again.returncode)
    assert "fleet production: hello first is proved" == proved.stdout.strip()
    assert "fleet production: first is proved already; go on with `slackwater rollout`" == again.stderr.strip()
    assert found
    assert "first" == found.release


def test_json_is_for_programs(project: Path) -> None:
    """The manifest, and where the archive lies."""
    built = json.loads(release(project, "build", "inventories/prod.py", "--json").stdout)

    assert ("hello", False, None) == (built["app"], built["wheels"], built["python"])
    assert Path(built["archive"]).is_file()


def test_faults_are_all_told_and_nothing_is_built(project: Path) -> None:
    """As `slackwater lint` tells them."""
    (project / "group_data/app.py").write_text(APP.format(more=", port=0, aws=1"))
    built = release(project, "build", "inventories/prod.py")

    assert (1, "") == (built.returncode, built.stdout)
    assert [
        "group_data/app.py:3: app.port = 0: must be a whole number from 1 to 65535",
        "group_data/app.py:3: app.aws = 1: must be True or False",
    ] == built.stderr.splitlines()
    assert not (project / ".slackwater").exists()


def test_a_failure_is_a_sentence(project: Path) -> None:
    """No traceback."""
    open_releases(Store.directory(".slackwater/store"), project).build(HELLO, id="1")
    (project / "app/hello.py").write_text("app = 2\n")
    built = release(project, "build", "inventories/prod.py", "--id", "1")

    assert (1, "") == (built.returncode, built.stdout)
    assert built.stderr.startswith("release 1 of hello exists since ")
    assert 1 == len(built.stderr.splitlines())


def test_a_fleet_is_named_by_its_data(project: Path) -> None:
    """`fleet`, or else the environment, or else production."""
    (project / "group_data/prod.py").write_text('environment = "staging"\n')

    def fleet(*words: str) -> str:
        found: str = json.loads(release(project, "list", "inventories/prod.py", "--json", *words).stdout)["fleet"]
        return found

    assert ("staging", "blue") == (fleet(), fleet("--data", "fleet=blue"))


def test_a_fleets_name_must_name_a_file(project: Path) -> None:
    """It becomes a file or a parameter."""
    listed = release(project, "list", "inventories/prod.py", "--data", "fleet=a/b")

    assert (1, "") == (listed.returncode, listed.stdout)
    assert "fleet = 'a/b': must be a name such as 'production'" in listed.stderr


@pytest.mark.parametrize(
    ("inventory", "message"),
    [
        ('database = ["d-1"]\n', "has no hosts in the groups app and worker: there is nothing to release"),
        ('app = [("a-1", {"fleet": "a"}), ("a-2", {"fleet": "b"})]\n', "differ in `fleet` (a, b), and a release"),
    ],
)
def test_an_inventory_has_one_release(project: Path, inventory: str, message: str) -> None:
    """Which of several is meant cannot be known."""
    (project / "inventories/prod.py").write_text(inventory)
    built = release(project, "build", "inventories/prod.py")

    assert (1, "") == (built.returncode, built.stdout)
    assert message in built.stderr


def test_an_inventory_that_is_not_there_is_a_usage_error(project: Path) -> None:
    """The sentence names those that are."""
    built = release(project, "build", "inventories/pord.py")

    assert 2 == built.returncode
    assert "no inventory inventories/pord.py; there are: inventories/prod.py" in built.stderr


def test_nothing_to_list_is_said(project: Path) -> None:
    """On stderr: stdout is for releases."""
    listed = release(project, "list", "inventories/prod.py")

    assert (0, "") == (listed.returncode, listed.stdout)
    assert "has no release of hello yet: slackwater release build" in listed.stderr


@pytest.mark.parametrize("words", [["--help"], ["build", "--help"], ["list", "--help"], ["prove", "--help"]])
def test_every_command_helps_with_an_example(words: list[str]) -> None:
    """A reader copies it."""
    helped = CliRunner().invoke(command, words)

    assert (0, True) == (helped.exit_code, "Example:\n" in helped.output)


@pytest.mark.usefixtures("cloud")
def test_a_bucket_is_used_the_same_way(project: Path) -> None:
    """pyinfra has changed the process's sockets by then, and boto3 works all the same."""
    (project / "group_data/all.py").write_text('from slackwater import Store\nstore = Store.s3("s3://tides/prod")\n')
    built = release(project, "build", "inventories/prod.py", "--id", "1")
    listed = release(project, "list", "inventories/prod.py")

    assert (0, 0) == (built.returncode, listed.returncode)
    assert ["resolving app", "packed, 8 kB", "stored in s3://tides/prod"] == [
        line.partition(": ")[2] for line in built.stderr.splitlines()
    ]
    assert "1" == listed.stdout.splitlines()[1].split()[0]
