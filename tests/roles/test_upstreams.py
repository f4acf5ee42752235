"""The role upstreams: the agent's code, its units and what it is told."""

from __future__ import annotations

import base64
import io
import json
import re
import subprocess
import tarfile
from pathlib import Path
from typing import Any

import pytest

from roles.upstreams import upstreams
from slackwater import App, Balancer, Checks, Membership
from slackwater.agents.upstreams.configuration import Dns, Inventory, parse
from slackwater.errors import SettingsError
from tests.roles.bare import Asked, Bare, BareHost
from tests.roles.test_nginx import written

TOLD = "/etc/slackwater/upstreams.json"
UNITS = "/etc/systemd/system"
AGENT = "/etc/systemd/system/slackwater-upstreams.service"


def run(
    run_role: Any, shop: App, bare: Bare | None = None, share: dict[str, Any] | None = None, **words: Any
) -> BareHost:
    """`share` is what the inventory says of both hosts."""
    told = {"app": shop, **(share or {})}
    apps = [("@fake/a", {"address": "10.0.0.11", **told}), ("@fake/b", {"address": "app.internal", **told})]
    done: BareHost = run_role(upstreams, groups=("balancer",), data=words, others={"app": apps}, bare=bare)
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


def test_it_is_told_the_share_of_each_host(run_role: Any, shop: App) -> None:
    """The agent reads it as it was written, also of one that is looked up."""
    inventory, named = parse(document(run(run_role, shop, share={"weight": 50, "backup": True}))).sources

    assert isinstance(inventory, Inventory)
    assert [(50, True)] == [(member.weight, member.backup) for member in inventory.members]
    assert Dns("app.internal", 8000, 5.0, 50, True) == named


def test_without_a_share_the_text_is_the_same(run_role: Any, shop: App) -> None:
    """One that is said and usual changes no file of a balancer."""
    usual = {"weight": 100, "backup": False}
    plain, said = (written(run(run_role, shop, share=share))[TOLD] for share in ({}, usual))
    inventory, named = json.loads(plain)["membership"]

    assert plain == said
    assert usual.items() <= inventory["members"][0].items()
    assert not usual.keys() & named.keys()


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


@pytest.mark.parametrize("same", [True, False])
def test_other_options_of_the_members_are_taken_up(run_role: Any, shop: App, same: bool) -> None:
    """systemd reads the changed unit, and it runs once."""
    bare = Asked(lines={"max_fails=7 fail_timeout=10s": [] if same else ["other"]})
    done = run(run_role, shop, bare, balancer=Balancer(changes="reload", max_fails=7))

    assert any("show --timestamp" in text and "slackwater-reload.service" in text for text in bare.asked)
    assert same != any("systemctl start slackwater-reload.service" in text for text in done.executed_commands)


def test_with_the_lua_module_again_nobody_reloads_it(run_role: Any, shop: App) -> None:
    """What asked for it goes, after the agent has been told."""
    bare = Bare(lines={"test ! -e /etc/systemd/system/slackwater-reload.path": ["there"]})
    *_, last = run(run_role, shop, bare).executed_commands

    assert "systemctl disable --quiet --now slackwater-reload.path" in last
    assert "slackwater-reload.service" in last
    assert not any("systemctl disable" in text for text in run(run_role, shop).executed_commands)


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

    assert any(f"for unit in {Path(AGENT).name} " in command for command in removed)
    assert [] == run_role(upstreams, groups=("app",), data={"app": shop}).executed_commands


def units_of(done: BareHost) -> set[str]:
    return {path for path in written(done) if UNITS in path}


@pytest.mark.parametrize("changes", ["lua", "reload"])
def test_nothing_is_left_of_it(run_role: Any, shop: App, tmp_path: Path, changes: str) -> None:
    """Nor of what reloaded nginx, nor of what nginx had, nor the key; a removal that died in the middle is finished."""
    units = units_of(run(run_role, shop, balancer=Balancer(changes=changes)))
    others = {TOLD, "/etc/tmpfiles.d/slackwater-balancer.conf", "/etc/nginx/slackwater.d/balancer.conf"}
    own = {"lua/slackwater/pick.lua", "members.conf", "maintenance.html", "backends-ca.pem", "tls/balancer.pem"}
    others |= {"/run/slackwater-balancer/reloaded.json", *(f"/etc/nginx/slackwater/{path}" for path in own)}
    former = Bare(lines={f"test ! -e {AGENT}": ["there"]})
    (command,) = run_role(upstreams, groups=("worker",), bare=former).executed_commands

    for there in (units | others, {AGENT}):
        said = carried_out(command, there, tmp_path / "host")
        disabled = {unit for unit in said.split() if unit.endswith((".path", ".socket"))}

        assert [] == [path for path in (tmp_path / "host").rglob("*") if path.is_file()]
        assert disabled == {Path(path).name for path in there if path.endswith((".path", ".socket"))}
        assert f"disable --quiet --now {Path(AGENT).name}" in said
        assert "reload nginx.service" in said


def carried_out(command: str, there: set[str], host: Path) -> str:
    """What systemctl is told on a host below that folder which has those files."""
    for path in there:
        (host / path.lstrip("/")).parent.mkdir(parents=True, exist_ok=True)
        (host / path.lstrip("/")).touch()
    moved = 'systemctl() { echo "$*"; }\n' + re.sub("/(etc|var|run)/", rf"{host}/\1/", command)
    return subprocess.run(["sh", "-c", moved], check=True, capture_output=True, text=True).stdout


def test_without_a_port_nobody_is_asked_at_a_guessed_one(run_role: Any) -> None:
    """Where the inventory has no app host whose port it would be."""
    told = Balancer(membership=[Membership.dns("app.internal")])

    with pytest.raises(SettingsError, match="must be given, such as port=8000"):
        run_role(upstreams, groups=("balancer",), data={"balancer": told})
