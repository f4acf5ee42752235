"""The wheel alone: built, installed into an environment of its own, and used as somebody without a checkout does."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from uv import find_uv_bin

from slackwater.init import project

HOUSE = Path(__file__).resolve().parents[2]
# Said once more, so that a bump is a decision and never goes by unseen.
VERSION = "0.1.0"
BESIDE = ("roles", "templates", "requirements")
HANDED_OUT = ("deploy.py", "config.py", "inventories", "group_data", "examples/shop", "vagrant")
# This machine stands for every kind of host, but not for both that run the app at once; nothing is executed on it.
SERVES = """import slackwater as _slackwater
_tls = _slackwater.Tls.certbot(email="ops@example.com", domains=["shop.example.com"])
app = [("@local", {"address": "192.0.2.1", "balancer": _slackwater.Balancer(tls=_tls)})]
balancer = ["@local"]
"""
WORKS = """import slackwater as _slackwater
_told = {"worker": _slackwater.Worker(application="shop.tasks:celery"), "address": "192.0.2.1"}
_told["cache"] = _slackwater.Cache(password=_slackwater.Secret.file("PASSWORD"))
app, worker, cache = [], [("@local", _told)], ["@local"]
"""


def run(*words: str | Path, cwd: Path = HOUSE) -> str:
    """What the program prints, which may not find the checkout by PYTHONPATH; its complaints if it fails."""
    foreign = ("PYTHONPATH", "VIRTUAL_ENV")
    environment = {key: value for key, value in os.environ.items() if key not in foreign} | {"UV_SYSTEM_CERTS": "1"}
    done = subprocess.run(list(map(str, words)), cwd=cwd, env=environment, capture_output=True, text=True, check=False)

    assert 0 == done.returncode, done.stdout + done.stderr
    return done.stdout


@dataclass(frozen=True)
class Installed:
    """A virtual environment with the wheel, and a project that its `slackwater init` wrote."""

    environment: Path
    project: Path

    def run(self, program: str, *words: str) -> str:
        return run(self.environment / "bin" / program, *words, cwd=self.project)

    def files(self) -> dict[str, bytes]:
        found = (path for path in self.project.rglob("*") if path.is_file() and ".slackwater" not in path.parts)
        return {path.relative_to(self.project).as_posix(): path.read_bytes() for path in found}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("dist")
    build = ("build", "--wheel", "--no-config", "--no-build-isolation", "--python", sys.executable)
    run(find_uv_bin(), *build, "--out-dir", target, HOUSE)
    (built,) = target.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    place = tmp_path_factory.mktemp("installed")
    environment, python = place / "environment", place / "environment/bin/python"
    install = ("pip", "install", "--no-config", "--python", python, "--constraint", HOUSE / "requirements/dev.txt")
    run(find_uv_bin(), "venv", "--no-config", "--python", sys.executable, environment)
    run(find_uv_bin(), *install, f"slackwater[deploy] @ {wheel.as_uri()}")
    # As pip does with all that it installs: bytecode then lies beside the files that init hands out.
    run(python, "-m", "compileall", "-q", *environment.glob("lib/python3*/site-packages/slackwater"))
    run(environment / "bin/slackwater", "init", "project", cwd=place)
    return Installed(environment, place / "project")


def ours(*folders: str) -> set[str]:
    """What git knows or would take: neither bytecode nor somebody's secrets."""
    listed = run("git", "ls-files", "-co", "--exclude-standard", *folders).splitlines()
    return {name for name in listed if (HOUSE / name).is_file()}


def carried(wheel: Path) -> Iterator[str]:
    with zipfile.ZipFile(wheel) as archive:
        yield from (name for name in archive.namelist() if ".dist-info/" not in name)


def test_the_wheel_carries_the_library_the_roles_and_a_project_and_nothing_else(wheel: Path) -> None:
    """No test, no bytecode, no file that git ignores; a file that is new beside src/ is red until the wheel has it."""
    library = {name.removeprefix("src/") for name in ours("src/slackwater")}
    beside = {f"slackwater/{name}" for name in ours(*BESIDE)}
    handed_out = {f"slackwater/project/{name}" for name in ours(*HANDED_OUT)}

    assert library | beside | handed_out == set(carried(wheel))


def test_the_command_says_the_version(installed: Installed) -> None:
    """The one of pyproject.toml, written down here a second time: whoever bumps it changes both."""
    assert f"slackwater, version {VERSION}\n" == installed.run("slackwater", "--version")


def test_the_package_is_the_wheels(installed: Installed) -> None:
    """Else every test below would prove the checkout."""
    asked = "import slackwater, slackwater.roles; print(slackwater.__file__, slackwater.roles.__file__)"
    said = installed.run("python", "-c", asked)

    assert [True, True] == [Path(file).is_relative_to(installed.environment) for file in said.split()]


def test_init_writes_the_same_as_in_a_checkout(installed: Installed) -> None:
    """To the byte, and without the bytecode that an installer leaves."""
    assert project("shop") == installed.files()


@pytest.mark.parametrize("environment", ["staging", "prod"])
def test_the_project_is_clean(environment: str, installed: Installed) -> None:
    """Also the pins are found that lint compares the app's own with."""
    said = installed.run("slackwater", "lint", f"inventories/{environment}.py")

    assert f"inventories/{environment}.py is clean" in said


def test_the_projects_deploy_finds_every_role_and_all_they_need(installed: Installed, tmp_path: Path) -> None:
    """pyinfra itself reads config.py and deploy.py: templates are rendered, a release is built, the agents are read.

    Each of --dry and --debug-operations ends before anything is executed; -y leaves out asking systemd for changes.
    """
    (tmp_path / "password").write_text("tide")
    names: list[str] = []
    for text in (SERVES, WORKS.replace("PASSWORD", str(tmp_path / "password"))):
        inventory = tmp_path / "machine.py"
        inventory.write_text(text)
        said = installed.run("pyinfra", str(inventory), "deploy.py", "--dry", "--debug-operations", "--json", "-y")
        names += [step["names"][0] for step in json.loads(said)["op_order"]]
    # scaling_group is not for hosts: it asks AWS, on the operator's machine.
    modules = {Path(name).stem for name in ours("roles")} - {"__init__", "scaling_group"}

    assert {module.replace("_", " ") for module in modules} == {name.split(" | ")[0] for name in names}
