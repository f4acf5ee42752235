"""Which cgroup hierarchies there are, in each layout that Linux knows."""

from __future__ import annotations

from pathlib import Path

from slackwater.lab.cgroups import hierarchies


def make(root: Path, *names: str) -> Path:
    for name in names:
        (root / name).mkdir(parents=True, exist_ok=True)
        (root / name / "cgroup.procs").touch()
    return root


def test_the_version_2_tree_is_one_hierarchy(tmp_path: Path) -> None:
    """The groups in it are not taken for hierarchies."""
    make(tmp_path, ".", "system.slice")
    (tmp_path / "cgroup.controllers").touch()

    assert [tmp_path] == hierarchies(tmp_path)


def test_version_1_has_one_for_each_controller(tmp_path: Path) -> None:
    """The unified tree of the hybrid layout counts, the links of joined controllers do not."""
    make(tmp_path, "memory", "cpu,cpuacct", "unified")
    (tmp_path / "cpu").symlink_to("cpu,cpuacct")

    assert ["cpu,cpuacct", "memory", "unified"] == [path.name for path in hierarchies(tmp_path)]


def test_a_machine_without_cgroups_has_none(tmp_path: Path) -> None:
    """It is refused by name later."""
    assert [] == hierarchies(tmp_path)
