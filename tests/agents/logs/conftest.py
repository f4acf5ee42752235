"""A host that ships to a directory, and an instance that ships to a bucket of the lab's cloud."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from slackwater.lab.cloud import Endpoint, cloud
from slackwater.lab.metadata import Instance, listening, serving
from tests.agents.logs.site import Site

NOBODY = "http://127.0.0.1:9"


@pytest.fixture
def host(tmp_path: Path) -> Site:
    (tmp_path / "shelf").mkdir()
    return Site.begin(tmp_path / "host", str(tmp_path / "shelf"), NOBODY)


@pytest.fixture
def sky(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Endpoint]:
    """The bucket is there; the operator's own credentials are of the lab."""
    with cloud(tmp_path / "cloud") as endpoint:
        place = {"LocationConstraint": endpoint.region}
        endpoint.client("s3").create_bucket(Bucket="tides", CreateBucketConfiguration=place)
        for name, value in {"URL": endpoint.url, "KEY": "lab", "SECRET": "lab"}.items():
            names = {"URL": "AWS_ENDPOINT_URL", "KEY": "AWS_ACCESS_KEY_ID", "SECRET": "AWS_SECRET_ACCESS_KEY"}
            monkeypatch.setenv(names[name], value)
        monkeypatch.setenv("AWS_DEFAULT_REGION", endpoint.region)
        yield endpoint


@pytest.fixture
def instance(tmp_path: Path, sky: Endpoint) -> Iterator[Site]:
    me = Instance("i-0123456789abcdef0", "127.0.0.1")
    told = {"group": "shop", "region": sky.region, "endpoint": sky.url}
    with serving(listening(), lambda _: me) as service:
        yield Site.begin(tmp_path / "instance", "s3://tides/logs", service.url, told)
