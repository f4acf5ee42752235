"""The tour is made once."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from slackwater.lab.cloud import Clock, cloud
from tests.lab.cloud.tour import groups, machines, stores, traffic
from tests.lab.cloud.tour.heard import Tour


@pytest.fixture(scope="session")
def tour() -> Iterator[Tour]:
    with cloud(lifecycle=True, clock=Clock()) as endpoint:
        made = Tour(endpoint)
        machines.ec2(made)
        arn = traffic.target_group(made)
        groups.autoscaling(made, arn)
        traffic.targets(made, arn)
        for each in (traffic.cloudwatch, stores.s3, stores.words, stores.roles, stores.messages):
            each(made)
        yield made
