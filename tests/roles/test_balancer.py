"""The role balancer: an upstream of the app hosts."""

from __future__ import annotations

from typing import Any

from roles.balancer import balancer
from slackwater import App, Balancer
from tests.roles.test_nginx import written


def site(run_role: Any, app: App, names: list[str], settings: Balancer | None = None) -> str:
    hosts = [(f"@fake/{name}", {"address": f"10.0.0.{name}", "app": app}) for name in names]
    data = {"balancer": settings} if settings else {}
    done = run_role(balancer, groups=("balancer",), data=data, others={"app": hosts})
    return written(done)["/etc/nginx/slackwater.d/balancer.conf"]


def test_every_app_host_is_a_member_in_a_fixed_order(run_role: Any, shop: App) -> None:
    """Two hosts or six, in whatever order the inventory lists them: the same file."""
    text = site(run_role, shop, ["3", "1", "2"])

    assert ["server 10.0.0.1:8000", "server 10.0.0.2:8000", "server 10.0.0.3:8000"] == [
        line.strip().split(" max_fails")[0] for line in text.splitlines() if line.strip().startswith("server 10.")
    ]
    assert text == site(run_role, shop, ["1", "2", "3"])


def test_a_post_is_never_sent_twice(run_role: Any, shop: App) -> None:
    """Idempotent requests are tried elsewhere, also when the app is dead behind a living nginx."""
    text = site(run_role, shop, ["1"])

    assert "proxy_next_upstream error timeout http_502 http_503 http_504;" in text
    assert "non_idempotent" not in text


def test_settings_reach_the_balancer(run_role: Any, shop: App) -> None:
    """Ports, limits and times are as declared."""
    settings = Balancer(port=8080, max_fails=5, fail_timeout=7, connect_timeout=2, method="round_robin")
    text = site(run_role, shop.model_copy(update={"port": 9000}), ["1"], settings)

    assert "server 10.0.0.1:9000 max_fails=5 fail_timeout=7s;" in text
    assert "listen 8080 default_server;" in text
    assert "proxy_connect_timeout 2s;" in text
    assert "least_conn" not in text
