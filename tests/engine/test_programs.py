"""The agents as files of a host: each has all that it imports, and nothing of the library."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from slackwater.engine.programs import LIBRARY, programs
from slackwater.engine.values import File
from slackwater.resources import resource

AGENTS = sorted(path.name for path in resource("agents").iterdir() if (path / "__main__.py").is_file())
IMPORT = """
import importlib, pathlib, sys
root = pathlib.Path(sys.argv[1])
sys.path.insert(0, str(root))
for path in sorted(root.rglob("*.py")):
    importlib.import_module(".".join(path.relative_to(root).with_suffix("").parts).removesuffix(".__init__"))
"""


def names(*agents: str) -> list[str]:
    return [item.path.removeprefix(f"{LIBRARY}/agents/") for item in programs(*agents) if isinstance(item, File)]


@pytest.mark.parametrize("name", [*AGENTS, "bootstrap", "cut"])
def test_what_a_host_gets_is_complete(name: str, tmp_path: Path) -> None:
    """Each of its modules can be imported by a Python that has nothing else."""
    for item in programs(name):
        if isinstance(item, File):
            place = tmp_path / item.path.removeprefix(f"{LIBRARY}/")
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(item.content)
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", IMPORT, str(tmp_path)], capture_output=True, text=True, check=False
    )

    assert (0, "") == (done.returncode, done.stderr)


def test_neighbours_come_along_and_no_others() -> None:
    """A balancer needs no metadata, and no agent needs the bootstrap."""
    assert {"__init__.py", "files.py", "slots/resolve.py", "metadata.py", "signed.py"} <= set(names("slots"))
    assert ["__init__.py", "cut.py"] == names("cut")
    assert set() == {"metadata.py", "bootstrap.py", "slots/boot.py"} & set(names("upstreams", "cut"))


def test_what_is_named_twice_comes_once() -> None:
    """Two files at one path would be written by turns."""
    assert len(set(names("slots", "metadata", "breaker"))) == len(names("slots", "metadata", "breaker"))
