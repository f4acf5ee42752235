"""What the agent is told by files: one that is not as it was written is named, with what it lacks."""

from __future__ import annotations

import pytest

from slackwater.agents.drain.told import ToldError
from tests.agents.drain.site import Site


@pytest.mark.parametrize("instance", [{"endpoint": "http://127.0.0.1"}, {"group": "", "region": "eu-central-1"}])
def test_an_instance_without_its_group_is_said(host: Site, instance: dict[str, str]) -> None:
    """The file that lacks it, not the one that the role writes."""
    host.tell(instance)

    with pytest.raises(ToldError, match=r"etc/slackwater/instance\.json has no group"):
        _ = host.told


def test_a_host_that_no_launch_template_made_has_no_group(host: Site) -> None:
    """And needs none."""
    host.tell()

    assert host.told.group is None
