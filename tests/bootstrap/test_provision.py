"""What the steps of a new instance give to the programs that they run."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import pytest

from slackwater.agents.provision import Steps
from slackwater.agents.signed import Aws, Metadata
from slackwater.lab.metadata import Service

ASKS = """#!{python}
import os
from botocore.utils import InstanceMetadataFetcher
fetcher = InstanceMetadataFetcher(timeout=2, num_attempts=1, base_url=os.environ["AWS_EC2_METADATA_SERVICE_ENDPOINT"])
print(fetcher.retrieve_iam_role_credentials().get("role_name"))
"""
NOBODY = "http://127.0.0.1:1"


@pytest.fixture
def behind_a_proxy(monkeypatch: pytest.MonkeyPatch, service: Service) -> pytest.MonkeyPatch:
    for name in ("no_proxy", "NO_PROXY", "AWS_EC2_METADATA_DISABLED"):
        monkeypatch.delenv(name, raising=False)
    for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY"):
        monkeypatch.setenv(name, NOBODY)
    monkeypatch.setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", service.url)
    return monkeypatch


def converge(tmp_path: Path, address: str, program: str) -> list[str]:
    """What `program` said in place of pyinfra."""
    place, said = tmp_path / "environment/bin/pyinfra", list[str]()
    place.parent.mkdir(parents=True)
    place.write_text(program)
    place.chmod(0o755)
    deadline = time.monotonic() + 30
    aws = Aws(Metadata(address), "eu-central-1", None, deadline)
    Steps(tmp_path, aws, deadline, said.append).converge(tmp_path, tmp_path / "environment")
    return said


def test_boto3_asks_the_metadata_service_past_the_proxy(
    tmp_path: Path, service: Service, behind_a_proxy: pytest.MonkeyPatch
) -> None:
    """A proxy has no credentials of this instance, or has its own."""
    assert ["slackwater-lab"] == converge(tmp_path, service.url, ASKS.format(python=sys.executable))


@pytest.mark.parametrize(
    ("known", "all_of_it"), [("10.0.0.0/8,internal", "10.0.0.0/8,internal,169.254.169.254"), ("*", "*")]
)
def test_what_goes_past_the_proxy_already_still_does(
    tmp_path: Path, behind_a_proxy: pytest.MonkeyPatch, known: str, all_of_it: str
) -> None:
    """The image's own exceptions are kept; all is all."""
    behind_a_proxy.setenv("no_proxy", known)
    said = converge(tmp_path, "http://169.254.169.254", '#!/bin/sh\necho "$no_proxy $NO_PROXY"\n')

    assert [f"{all_of_it} {all_of_it}"] == said
