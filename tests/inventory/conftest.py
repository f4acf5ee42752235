"""A project's directory, and the lab's cloud."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.sky import Sky
from tests.sky import sky as begun


@pytest.fixture(scope="module")
def sky() -> Iterator[Sky]:
    """One for all tests: it takes its time to start."""
    with begun() as made:
        yield made


@pytest.fixture
def cloud(sky: Sky, project: Path, monkeypatch: pytest.MonkeyPatch) -> Sky:
    """Signed in to."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    sky.endpoint.recover()
    return sky


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working directory; nothing of the machine's own sign-in to AWS reaches it."""
    for name in (
        "AWS_PROFILE",
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
        "SLACKWATER_OFFLINE",
    ):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.chdir(tmp_path)
    return tmp_path
