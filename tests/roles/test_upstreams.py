"""The role upstreams: the agent's code, its units and what it is told."""

from __future__ import annotations

import base64
import io
import json
import tarfile
from typing import Any

from roles.upstreams import upstreams
from slackwater import App, Balancer, Checks, Membership
from tests.roles.bare import Bare, BareHost
from tests.roles.test_nginx import written

TOLD = "/etc/slackwater/upstreams.json"
AGENT = "/etc/systemd/system/slackwater-upstreams.service"


def run(run_role: Any, shop: App, **words: Any) -> BareHost:
    apps = [("@fake/a", {"address": "10.0.0.11", "app": shop}), ("@fake/b", {"address": "app.internal", "app": shop})]
    done: BareHost = run_role(upstreams, groups=("balancer",), data=words, others={"app": apps})
    return done


def document(done: BareHost) -> Any:
    return json.loads(written(done)[TOLD])


def test_the_agent_brings_all_its_code(run_role: Any, shop: App) -> None:
    """Packages below it too, and the helper that cuts."""
    files = written(run(run_role, shop))

    for name in ("__init__", "upstreams/__main__", "upstreams/policy/fleet", "upstreams/writer/nginx", "cut"):
        assert f"/usr/local/lib/slackwater/agents/{name}.py" in files
    assert "agents.upstreams" in files[AGENT]


def test_it_is_told_the_hosts_of_the_inventory(run_role: Any, shop: App) -> None:
    """One that has only a name is looked up by it."""
    inventory, named = document(run(run_role, shop))["membership"]

    assert [("@fake/a".replace("@", "-").replace("/", "-"), "10.0.0.11", 8000)] == [
        (member["name"], member["address"], member["port"]) for member in inventory["members"]
    ]
    assert ("dns", "app.internal", 8000) == (named["kind"], named["name"], named["port"])


def test_it_is_told_groups_and_checks(run_role: Any, shop: App) -> None:
    """What the settings say, in the agent's words."""
    groups = Membership.auto_scaling("web", "spot", region="eu-central-1")
    told = Balancer(membership=[groups], checks=Checks(interval=2, fall=5), floor=70)
    said = document(run(run_role, shop, balancer=told))

    assert [["web", "spot"]] == [source["groups"] for source in said["membership"]]
    assert (2, 5, 70) == (said["checks"]["interval"], said["checks"]["fall"], said["policy"]["floor"])


def test_where_nginx_has_no_lua_module_somebody_reloads_it(run_role: Any, shop: App) -> None:
    """The agent may not; it asks, by a file that systemd watches."""
    files = written(run(run_role, shop, balancer=Balancer(changes="reload", max_fails=7)))

    assert "reload" == json.loads(files[TOLD])["writer"]
    assert "PathModified=" in files["/etc/systemd/system/slackwater-reload.path"]
    assert "max_fails=7 fail_timeout=10s" in files["/etc/systemd/system/slackwater-reload.service"]


def test_what_it_is_told_is_for_it_alone(run_role: Any, shop: App) -> None:
    """Whoever reads the file knows which machines there are."""
    entries = []
    for text in filter(None, run(run_role, shop).stdin):
        with tarfile.open(fileobj=io.BytesIO(base64.b64decode(text))) as archive:
            entries += archive.getmembers()
    entry = next(entry for entry in entries if f"/{entry.name}" == TOLD)

    assert (0o640, "root", "slackwater") == (entry.mode, entry.uname, entry.gname)


def test_a_balancer_that_is_none_any_more_loses_it(run_role: Any, shop: App) -> None:
    """And an app host that never was one is asked a single question."""
    former = Bare(lines={f"test ! -e {AGENT}": ["there"]})
    removed = run_role(upstreams, groups=("app",), data={"app": shop}, bare=former).executed_commands

    assert any("systemctl disable --quiet --now slackwater-upstreams.service" in command for command in removed)
    assert [] == run_role(upstreams, groups=("app",), data={"app": shop}).executed_commands
