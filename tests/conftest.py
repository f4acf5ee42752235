"""How a run goes: in lanes where it has several workers; and a long one can be taken up again where it was left."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.hosts.sweeping import sweep
from tests.lanes import Lanes, place

HOUSE = Path(__file__).resolve().parents[1]
LONG = bool(os.environ.get("SLACKWATER_LONG"))


def state_of_the_code() -> str:
    """One word for the commit and whatever is not committed."""
    words = (["git", "rev-parse", "HEAD"], ["git", "diff", "HEAD"], ["git", "ls-files", "-o", "--exclude-standard"])
    outputs = [subprocess.run(command, cwd=HOUSE, check=False, capture_output=True).stdout for command in words]
    return hashlib.sha256(b"\0".join(outputs)).hexdigest()[:16]


def passed_file(config: pytest.Config) -> Path:
    return Path(str(config.cache.mkdir("long"))) / state_of_the_code()  # type: ignore[union-attr]


def pytest_configure(config: pytest.Config) -> None:
    if hasattr(config, "workerinput"):
        config.option.basetemp = shortened(Path(config.option.basetemp))
    if LONG:
        config.pluginmanager.register(Resumed(passed_file(config)))


def shortened(basetemp: Path) -> str:
    """A worker's folder: "popen-gw0" is so long that paths of sockets below it would pass the system's 107 bytes."""
    return str(basetemp.with_name(basetemp.name.rpartition("gw")[2]))


def pytest_collection_finish() -> None:
    """pyinfra's gevent changes threads and sockets of the process that imports it: a worker would end in silence."""
    patched = sys.modules.get("gevent.monkey")
    if patched and patched.is_module_patched("socket"):
        raise pytest.UsageError("a test module imports what brings in pyinfra.api: import it in a process of its own")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Lanes:
    config.option.loadscopereorder = False
    return Lanes(config, log)


@pytest.hookimpl(tryfirst=True)
def pytest_report_teststatus(report: pytest.TestReport, config: pytest.Config) -> tuple[str, str, str] | None:
    """Each test on hosts has a line of its own: dots of three workers do not say what takes the minutes."""
    on_hosts = report.when == "call" and report.nodeid.startswith("tests/hosts/")
    if not has_workers(config) or not on_hosts or hasattr(report, "wasxfail"):
        return None
    return report.outcome, f"\n{report.outcome} {report.nodeid} ({report.duration:.0f} s)\n", report.outcome.upper()


def has_workers(config: pytest.Config) -> bool:
    return bool(getattr(config.option, "numprocesses", 0))


def pytest_unconfigure(config: pytest.Config) -> None:
    """Workers that are interrupted get seconds to end, which does not suffice for hosts."""
    if has_workers(config) and os.geteuid() == 0:
        sweep()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """A worker meets its lane's modules in the lane's order; one process alone keeps the files' own."""
    if hasattr(config, "workerinput"):
        items.sort(key=lambda item: place(item.nodeid.partition("::")[0]))


class Resumed:
    """Leaves out what an earlier long run passed for this very state of the code; writes down what this one passes."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.passed = set(file.read_text().splitlines()) if file.exists() else set()

    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        done = [item for item in items if item.nodeid in self.passed]
        config.hook.pytest_deselected(items=done)
        items[:] = [item for item in items if item.nodeid not in self.passed]

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when == "call" and report.passed:
            with self.file.open("a") as file:
                file.write(f"{report.nodeid}\n")
