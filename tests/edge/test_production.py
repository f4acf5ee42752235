"""What a fleet of the environment production has at its edge, before anybody has written a line."""

from __future__ import annotations

import runpy

from slackwater.resources import resource


def test_production_has_what_is_off_elsewhere() -> None:
    """What docs/edge.md says that it sets: a line that is lost there would be missed by nobody else."""
    told = runpy.run_path(str(resource("group_data/prod.py")))
    balancer = told["balancer"]

    assert "production" == told["environment"]
    assert "certbot" == balancer.tls.kind
    assert (True, True) == (balancer.redirect, balancer.block_patterns)
    assert balancer.hsts
    assert 100 == balancer.rate_limit.per_minute
    assert balancer.cors.origins
    assert all(origin.startswith("https://") for origin in balancer.cors.origins)
