"""From an inventory to what a plan is made of: the bundle that fits the group's instances."""

from __future__ import annotations

import os
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from slackwater.aws.plan import Declared
from slackwater.aws.provision import Told, declare
from slackwater.settings import App, Balancer, ScalingGroup, Source, Store, resolve
from tests.aws.project import WHEELS, Project
from tests.aws.resources import Lab
from tests.aws.resources import lab as start

PIP = """
import pathlib, sys
told = dict(zip(sys.argv, sys.argv[1:]))
(*_, platform) = (word for before, word in zip(sys.argv, sys.argv[1:]) if before == "--platform")
python = told["--python-version"].replace(".", "")
pathlib.Path(told["--dest"], f"tide-1-cp{python}-cp{python}-{platform}.whl").touch()
"""
"""Instead of fetching it says what was asked for: a wheel of the Python and of the last platform."""


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    with start() as running:
        yield running


def declared(lab: Lab, place: Path, group: ScalingGroup) -> Declared:
    """As `slackwater plan` makes it of a project with this group."""
    project = Project(place, lab, group.name)
    # The wheels of this module are no wheels: nothing of them may come among those that all projects share.
    (place / WHEELS).unlink()
    app = App(name="shop", entrypoint="shop:app", source=Source.directory("shop"))
    data = {"app": app, "store": Store.s3(f"s3://{lab.ground.bucket}/fleet"), "environment": "production"}
    return declare(Told(group, "prod", resolve(data, project=project.place), Balancer(), project.place))


@pytest.fixture(autouse=True)
def pip(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A program in pip's place, found before it."""
    (tmp_path / "programs/pip").mkdir(parents=True)
    (tmp_path / "programs/pip/__init__.py").touch()
    (tmp_path / "programs/pip/__main__.py").write_text(PIP)
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path / 'programs'}:{os.environ.get('PYTHONPATH', '')}".rstrip(":"))


def wheels(made: Declared) -> set[str]:
    assert made.bundle
    with tarfile.open(made.bundle.path) as tar:
        return {name for name in tar.getnames() if name.startswith("wheelhouse/")}


def test_a_bundle_brings_no_packages_unless_told(lab: Lab, tmp_path: Path) -> None:
    """It fits every machine, and is small."""
    assert set() == wheels(declared(lab, tmp_path / "project", lab.declare()))


@pytest.mark.parametrize(
    ("instance_type", "machine"),
    [("m7i.large", "x86_64"), ("c7gn.large", "aarch64")],
)
def test_wheels_are_those_of_the_instances(lab: Lab, tmp_path: Path, instance_type: str, machine: str) -> None:
    """Whatever machine the operator has; for each Python that an instance may have."""
    group = lab.declare(wheels=True, instance_types=[instance_type])

    assert {f"wheelhouse/tide-1-cp{python}-cp{python}-linux_{machine}.whl" for python in (311, 312, 313)} == wheels(
        declared(lab, tmp_path / "project", group)
    )
