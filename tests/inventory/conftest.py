"""A project's directory and AWS as moto speaks it over HTTP."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.agents.upstreams.cloud import Cloud


class Late(Cloud):
    """EC2 does not describe the instances of `undescribed`, as it may for some seconds after a launch."""

    undescribed: frozenset[str] = frozenset()

    def __call__(self, environ: Any, start_response: Any) -> Iterable[bytes]:
        text = b"".join(super().__call__(environ, start_response))
        for instance in self.undescribed:  # of EC2's answers alone: Auto Scaling writes InstanceId
            text = text.replace(f"<instanceId>{instance}<".encode(), b"<instanceId>i-00000000000000000<")
        return [text]


@pytest.fixture(scope="module")
def sky() -> Iterator[Late]:
    """One for all tests: it takes its time to start."""
    made = Late()
    yield made
    made.stop()


@pytest.fixture
def cloud(sky: Late, project: Path, monkeypatch: pytest.MonkeyPatch) -> Late:
    """Signed in to."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    sky.fault, sky.states, sky.undescribed = None, {}, frozenset()
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
