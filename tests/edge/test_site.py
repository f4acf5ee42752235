"""The site of these tests itself: what it moves, and what it leaves."""

from __future__ import annotations

from pathlib import Path

from slackwater import App, Balancer
from tests.edge.site import Edge


def test_only_a_whole_port_is_moved(shop: App) -> None:
    site = Edge(Path("/tmp/site"), Balancer(port=28083, https_port=18081), shop, state=10001, nobody=10004)
    told = "listen 28083; listen [::]:28083; listen 18081; listen 127.0.0.1:8083; listen 127.0.0.1:8081; nobody = 8083,"
    assert site.moved(told) == (
        "listen 28083; listen [::]:28083; listen 18081; listen 127.0.0.1:10004; listen 127.0.0.1:10001; nobody = 10004,"
    )
