"""Each test is asked of the lab's cloud; with SLACKWATER_AWS=1 of a real account as well, which costs a few cents."""

from __future__ import annotations

import os
from collections.abc import Iterator

import boto3
import pytest

from slackwater.lab.cloud import Clock, cloud
from tests.contract.account import Account, OfAws, OfTheLab
from tests.contract.group import Group

WHY_NOT = "SLACKWATER_AWS is not 1: no real account is asked (it needs credentials and a region, and costs a few cents)"
LACKING = 'SLACKWATER_AWS is 1, but boto3 finds no {}: see docs/lab-cloud.md, "With a real account"'


def of_aws() -> OfAws:
    if os.environ.get("SLACKWATER_AWS") != "1":
        pytest.skip(WHY_NOT)
    if os.environ.get("AWS_ENDPOINT_URL"):
        pytest.fail("SLACKWATER_AWS is 1, but AWS_ENDPOINT_URL leads elsewhere: that is no real account")
    session = boto3.Session()
    for name, found in (("credentials", session.get_credentials()), ("region", session.region_name)):
        if not found:
            pytest.fail(LACKING.format(name))
    return OfAws(session=session)


@pytest.fixture(scope="module", params=["lab", pytest.param("aws", marks=pytest.mark.aws)])
def account(request: pytest.FixtureRequest) -> Iterator[Account]:
    if request.param == "aws":
        made = of_aws()
        try:
            yield made
        finally:
            made.clean()
        return
    with cloud(lifecycle=True, clock=Clock()) as endpoint, pytest.MonkeyPatch.context() as patch:
        for name, value in endpoint.environment.items():
            patch.setenv(name, value)
        lab = OfTheLab(endpoint=endpoint)
        yield lab
        lab.clean()
        assert ([], []) == (endpoint.uncovered, endpoint.misshapen)


@pytest.fixture
def group(account: Account, request: pytest.FixtureRequest) -> Iterator[Group]:
    """Empty, at most two instances, with a hook on either way."""
    made = Group(account, f"{account.prefix}-{request.node.originalname.removeprefix('test_')[:40]}")
    try:
        yield made
    finally:
        made.delete()
