"""Fleets that have been converged."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from slackwater.lab import Lab
from tests.hosts.converge.running import Outcome, settle

ShortLived = Callable[..., AbstractContextManager[Lab]]


@pytest.fixture(scope="package")
def first(lab: ShortLived) -> Iterator[tuple[Lab, Outcome]]:
    """Two app hosts, of Debian 12 and 13, behind a balancer, after their first converge, and what that did."""
    with lab("serving", app=2, balancer=1, suite_of={"app-2": "trixie"}) as made:
        yield made, settle(made)


@pytest.fixture(scope="package")
def serving(first: tuple[Lab, Outcome]) -> Lab:
    return first[0]


@pytest.fixture
def told(tmp_path: Path) -> Callable[..., Path]:
    """`told(app="server = Server(workers=3)")` is a --group-data directory whose files say that on top."""

    def write(**files: str) -> Path:
        for group, text in files.items():
            (tmp_path / f"{group}.py").write_text(f'"""What this test changes."""\nfrom slackwater import *\n{text}\n')
        return tmp_path

    return write
