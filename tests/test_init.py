"""The command `slackwater init`: what it writes, and what it leaves alone."""

from __future__ import annotations

import ast
import os
import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from slackwater.init import command

SLACKWATER = [sys.executable, "-c", "from slackwater.cli import main; main()"]
ALLOWED = "a lower-case letter, then up to 30 lower-case letters, digits, '_' or '-'"


def slackwater(
    *words: str | Path, cwd: Path, before: Callable[[], None] | None = None
) -> subprocess.CompletedProcess[str]:
    line = [*SLACKWATER, *map(str, words)]
    return subprocess.run(
        line, cwd=cwd, capture_output=True, text=True, check=False, preexec_fn=before, env=signed_out()
    )


def signed_out() -> dict[str, str]:
    """The machine's own sign-in to AWS is no part of a new project."""
    mine = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    nowhere = dict.fromkeys(("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"), "/nonexistent")
    return {**mine, **nowhere, "AWS_EC2_METADATA_DISABLED": "true"}


def no_large_files() -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (9000, 9000))


def tree(directory: Path) -> list[str]:
    return sorted(path.relative_to(directory).as_posix() for path in directory.rglob("*") if not path.is_dir())


def test_the_project_passes_lint(tmp_path: Path) -> None:
    """What init writes is clean before anything is changed in it; AWS, which nobody signed in to, is one sentence."""
    slackwater("init", "shop", cwd=tmp_path)
    done = slackwater("lint", "inventories/prod.py", cwd=tmp_path / "shop")

    assert 0 == done.returncode
    assert "inventories/prod.py is clean" in done.stdout
    assert ["inventory: "] == [line[:11] for line in done.stderr.splitlines()]


def test_it_says_what_it_wrote_and_what_to_do_next(tmp_path: Path) -> None:
    """Every file by its name; three commands that work in this order, as lint of no lab fails; and the way by VMs."""
    done = slackwater("init", "deep/shop", cwd=tmp_path)
    wrote, _, following = done.stdout.partition("\n\nNext, in deep/shop:\n")

    assert [f"wrote deep/shop/{name}" for name in tree(tmp_path / "deep/shop")] == sorted(wrote.splitlines())
    assert [
        "  slackwater lab up",
        "  slackwater lint inventories/local.py",
        "  pyinfra inventories/local.py deploy.py -y",
        "Without Linux or root, in VMs: (cd vagrant && vagrant up), then inventories/vagrant.py (vagrant/README.md)",
    ] == following.splitlines()


def test_nothing_of_the_checkout_is_in_it(tmp_path: Path) -> None:
    """deploy.py takes its roles from the package; secrets and built releases are ignored by git from the beginning."""
    slackwater("init", ".", cwd=tmp_path)
    body = ast.parse((tmp_path / "deploy.py").read_text()).body
    packages = {str(node.module).split(".")[0] for node in body if isinstance(node, ast.ImportFrom)}

    assert {"pyinfra", "slackwater"} == packages
    assert {".slackwater/", "*.env"} <= set((tmp_path / ".gitignore").read_text().splitlines())
    assert [] == [name for name in tree(tmp_path) if "__pycache__" in name]


def test_the_app_has_the_name_that_was_asked_for(tmp_path: Path) -> None:
    """It names units and users on the hosts, so nobody should have to look for it in the files."""
    slackwater("init", "books", "--app", "books-2", cwd=tmp_path)
    done = slackwater("lint", "inventories/prod.py", cwd=tmp_path / "books")

    assert 'name="books-2",' in (tmp_path / "books/group_data/app.py").read_text()
    assert 0 == done.returncode


@pytest.mark.parametrize("name", ["Shop", "my shop", "", "a" * 32, 'x", port="1', "ssh"])
def test_a_name_that_an_app_may_not_have_is_refused(name: str, tmp_path: Path) -> None:
    """With what is allowed, as the settings say it; the directory is not made."""
    done = CliRunner().invoke(command, [str(tmp_path / "books"), "--app", name])

    assert 2 == done.exit_code
    assert f"Invalid value for '--app': {name!r} " in done.output
    assert ALLOWED in done.output
    assert [] == list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["deploy.py", ".gitignore", "group_data/app.py", "examples/shop/shop/main.py"])
def test_nothing_is_overwritten(name: str, tmp_path: Path) -> None:
    """A file that exists is named and keeps its content, and no other is written."""
    mine = tmp_path / name
    mine.parent.mkdir(parents=True, exist_ok=True)
    mine.write_text("mine\n")
    done = slackwater("init", tmp_path, cwd=tmp_path)

    assert 1 == done.returncode
    assert f"{mine}: exists already" in done.stderr
    assert [name] == tree(tmp_path)
    assert "mine\n" == mine.read_text()


def test_a_link_that_leads_nowhere_exists_too(tmp_path: Path) -> None:
    """Writing through it would make a file outside of the project."""
    (tmp_path / "config.py").symlink_to("elsewhere.py")
    done = slackwater("init", ".", cwd=tmp_path)

    assert (1, ["config.py"]) == (done.returncode, tree(tmp_path))
    assert "config.py: exists already" in done.stderr


@pytest.mark.parametrize("name", ["shop", "shop/group_data"])
def test_a_file_in_the_place_of_a_directory_is_named(name: str, tmp_path: Path) -> None:
    """The sentence has the file itself, not each of those that could not be below it."""
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_text("mine\n")
    done = slackwater("init", "shop", cwd=tmp_path)

    assert 1 == done.returncode
    assert f"{name}: exists already" in done.stderr
    assert [name] == tree(tmp_path)


def test_files_that_are_in_nobodys_way_stay(tmp_path: Path) -> None:
    """A repository with a README and data of its own becomes a project."""
    (tmp_path / "group_data").mkdir()
    (tmp_path / "group_data/database.py").write_text("mine = 1\n")
    done = slackwater("init", ".", cwd=tmp_path)

    assert 0 == done.returncode
    assert "mine = 1\n" == (tmp_path / "group_data/database.py").read_text()
    assert {"group_data/database.py", "group_data/app.py"} <= set(tree(tmp_path))


@pytest.mark.parametrize("before", [[], ["shop"], ["shop", "shop/group_data"]])
def test_a_failure_leaves_nothing_half_done(before: list[str], tmp_path: Path) -> None:
    """A disk that takes no large file: what was written until then is gone, directories that were there stay."""
    for name in before:
        (tmp_path / name).mkdir()
    done = slackwater("init", "shop", cwd=tmp_path, before=no_large_files)

    assert 1 == done.returncode
    assert "shop could not be written: " in done.stderr
    assert "File too large" in done.stderr
    assert before == sorted(path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*"))


def test_a_checkout_says_that_its_roles_are_not_in_the_package(tmp_path: Path) -> None:
    """Else the first sign would be a traceback of pyinfra's about slackwater.roles."""
    done = slackwater("init", "shop", cwd=tmp_path)

    assert 0 == done.returncode
    assert "This slackwater runs from a checkout" in done.stderr


def test_help_has_an_example(tmp_path: Path) -> None:
    """One that can be typed as it is."""
    done = slackwater("init", "--help", cwd=tmp_path)

    assert 0 == done.returncode
    assert "Example:\n    slackwater init bookshop --app books\n" in done.stdout
