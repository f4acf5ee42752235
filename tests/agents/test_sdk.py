"""boto3 as agents use it: what goes through a proxy of the machine, and what never does."""

from __future__ import annotations

import os

import pytest
from botocore.utils import get_environ_proxies

from slackwater.agents import sdk
from tests.agents.door import door

ANSWER = b"<DescribeAutoScalingGroupsResponse><DescribeAutoScalingGroupsResult/></DescribeAutoScalingGroupsResponse>"


@pytest.mark.parametrize("name", ["no_proxy", "NO_PROXY"])
def test_metadata_are_asked_past_the_proxy(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """And AWS through it: the role is the machine's own, and the proxy has another or none."""
    for variable in [each for each in os.environ if each.lower().endswith("_proxy")]:
        monkeypatch.delenv(variable)
    monkeypatch.setenv("no_proxy", "")
    monkeypatch.setenv(name, "localhost,10.0.0.7")
    for variable in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(variable, "test")
    with door((200, {}, ANSWER)) as proxy:
        monkeypatch.setenv("http_proxy", proxy.url)
        before = get_environ_proxies(f"http://{sdk.METADATA}")
        for _ in range(2):
            aws = sdk.client("autoscaling", "eu-central-1", "http://scaling.invalid", read_timeout=5, attempts=1)
            aws.describe_auto_scaling_groups()

    assert ["http://scaling.invalid/"] * 2 == [path for path, _ in proxy.asked]
    assert ([proxy.url], {}, {}) == (
        [before["http"]],
        get_environ_proxies(f"http://{sdk.METADATA}"),
        get_environ_proxies("http://10.0.0.7"),
    )
    assert "localhost,10.0.0.7,169.254.169.254" == os.environ["no_proxy"]
