"""Desired state against what is found, and the shell that closes the gap, run by a real shell."""

from __future__ import annotations

import os
import subprocess
import time
from pathlib import Path

import pytest

from slackwater.engine import scripts
from slackwater.engine.facts import Lines, Packages, Paths, System, Units
from slackwater.engine.slots import environment_file
from slackwater.engine.values import Absent, Directory, File, Found, Link, difference

A_FILE = File("/etc/a", "text\n", "640", "root", "adm")


@pytest.mark.parametrize(
    ("item", "found", "expected"),
    [
        (A_FILE, Found("file", "640", "root", "adm", A_FILE.sha256), ""),
        (A_FILE, Found("file", "640", "root", "adm", "other"), "content"),
        (A_FILE, Found("file", "644", "root", "root", A_FILE.sha256), "mode 644 -> 640, group root -> adm"),
        (A_FILE, Found("absent"), "create"),
        (A_FILE, Found("link", "777", "root", "adm", "/etc/b"), "link -> file"),
        (Directory("/srv"), Found("directory", "755", "root", "root"), ""),
        (Directory("/srv"), Found("directory", "700", "root", "root"), "mode 700 -> 755"),
        (Link("/a", "b"), Found("link", "777", "root", "root", "b"), ""),
        (Link("/a", "b"), Found("link", "777", "root", "root", "c"), "link -> b"),
        (Absent("/a"), Found("absent"), ""),
        (Absent("/a"), Found("file"), "remove"),
    ],
)
def test_the_difference_is_named(item: File, found: Found, expected: str) -> None:
    """What will be changed is said in words before it is done."""
    assert expected == difference(item, found)


def found_at(*paths: Path) -> dict[str, Found]:
    """The fact, asked by a real shell."""
    command = Paths().command([str(path) for path in paths])
    done = subprocess.run(["sh", "-c", command], check=True, capture_output=True, text=True)
    found = Paths().process(done.stdout.splitlines())
    assert found is not None
    return found


def run(items: list[File | Directory | Link | Absent], check: str = "") -> subprocess.CompletedProcess[str]:
    files = [item for item in items if isinstance(item, File)]
    command, stdin = scripts.install(items, check), scripts.archive(files)
    return subprocess.run(["sh", "-c", command], input=stdin, check=False, capture_output=True, text=True)


def test_items_are_written_as_declared_and_found_again(tmp_path: Path) -> None:
    """One script makes them all; the fact then finds no difference."""
    owner = {"owner": "root", "group": "root"} if os.getuid() == 0 else {}
    items: list[File | Directory | Link | Absent] = [
        Directory(f"{tmp_path}/new dir", "750", **owner),
        File(f"{tmp_path}/new dir/file", "ünï\n$(id) 'quoted'\n", "600", **owner),
        File(f"{tmp_path}/deep/er/file", "", "644", **owner),
        Link(f"{tmp_path}/link", "new dir/file"),
        Absent(f"{tmp_path}/gone"),
    ]
    (tmp_path / "gone").mkdir()
    before = found_at(*(Path(item.path) for item in items))
    done = run(items)
    after = found_at(*(Path(item.path) for item in items))

    assert (0, "") == (done.returncode, done.stderr)
    assert all(difference(item, before[item.path]) for item in items)
    assert ["", "", "", "", ""] == [difference(item, after[item.path]) for item in items]
    assert [] == list(tmp_path.rglob("*.dpkg-new"))


def test_what_its_program_refuses_never_replaces_what_is_there(tmp_path: Path) -> None:
    """The check sees the staged file; the good one stays as it was, to the byte."""
    place = tmp_path / "nginx.conf"
    place.write_text("good")
    done = run([File(str(place), "bad")], f'if grep -q bad "$stage{place}"; then echo refused >&2; exit 1; fi\n')

    assert 1 == done.returncode
    assert "refused" in done.stderr
    assert "good" == place.read_text()


def test_no_content_shows_in_a_process_list() -> None:
    """A secret goes through stdin; the command names only the path."""
    secret = File("/etc/slackwater/shop/x/secrets/KEY", "hunter2", "600")

    assert "hunter2" not in scripts.install([secret])


def test_the_machine_is_read_by_one_command() -> None:
    """The fact works on the machine that runs the tests."""
    done = subprocess.run(["sh", "-c", System().command()], check=False, capture_output=True, text=True)
    machine = System().process(done.stdout.splitlines())

    assert machine is not None
    assert os.cpu_count() == machine.cores
    assert machine.memory > 100
    assert machine.python.startswith("3.")


def test_a_dpkg_that_was_interrupted_is_noticed() -> None:
    """Packages that are only half there do not count, and the database's own complaint is kept."""
    lines = ["ii |nginx|1.22", "iU |logrotate|3", "rc |jq|1", "broken||", "end"]

    assert {"nginx": "1.22", "": "broken"} == Packages().process(lines)


def test_a_package_that_somebody_holds_is_there() -> None:
    """Its wanted state is `h`, its own is `i`: it must not be installed at every converge."""
    assert {"nginx": "1.22"} == Packages().process(["hi |nginx|1.22", "end"])


def test_a_question_that_fails_is_no_answer() -> None:
    """Its command's status decides, not what it printed."""
    answers = [
        subprocess.run(["sh", "-c", Lines().command(text)], check=False, capture_output=True, text=True)
        for text in ("echo a", "echo a; false")
    ]

    assert [["a"], None] == [Lines().process(answer.stdout.splitlines()) for answer in answers]


def test_a_written_unit_is_younger_than_the_one_before(tmp_path: Path) -> None:
    """systemd compares times to know that it must read a file again."""
    before = time.time() - 1
    run([File(f"{tmp_path}/a.service", "[Service]\n")])

    assert before < (tmp_path / "a.service").stat().st_mtime


def test_an_answer_that_was_cut_off_is_no_answer() -> None:
    """A connection that died in the middle must not read as "nothing is there"."""
    assert None is Packages().process(["ii |nginx|1.22"])
    assert None is Paths().process(["file|644|root|root|1.0|abc|/etc/a"])


def test_unit_states_are_read_with_their_time() -> None:
    """The time of the last change decides whether a file is younger than what runs."""
    lines = ["unit=a.service", "LoadState=loaded", "ActiveState=active", "NeedDaemonReload=yes"]
    lines += ["StateChangeTimestamp=Fri 2026-11-20 10:16:00.500000 UTC", "unit=b.service", "LoadState=not-found"]
    units = Units().process(lines)

    assert units is not None
    assert (True, True, 1795169760.5) == (
        units["a.service"].running,
        units["a.service"].stale,
        units["a.service"].since,
    )
    assert (False, 0.0) == (units["b.service"].running, units["b.service"].since)


def test_values_reach_the_app_as_they_are(tmp_path: Path) -> None:
    """Quotes, dollars and backslashes survive systemd's reading of the environment file."""
    text = environment_file({"B": 'a "quoted" $HOME `id` \\ end', "A": "plain"})

    assert 'A="plain"\nB="a \\"quoted\\" \\$HOME \\`id\\` \\\\ end"\n' == text
