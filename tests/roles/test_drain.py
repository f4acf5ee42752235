"""The role drain: the agent where an app or workers are, with its rights and no more; elsewhere it goes."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from roles.drain import drain
from slackwater import App, Drain
from slackwater.agents.drain.told import load
from tests.roles.bare import Bare
from tests.roles.test_nginx import written

UNIT = "/etc/systemd/system/slackwater-drain.service"
HOOKS = "/etc/systemd/system/slackwater-drain-hooks.service"
GATE = "/etc/systemd/system/slackwater-gate.service"
RULES = "/etc/polkit-1/rules.d/50-slackwater-drain.rules"
TOLD = "/etc/slackwater/drain.json"


def test_an_app_host_gets_the_agent_and_what_it_needs(run_role: Any, shop: App) -> None:
    """Code, unit, rights, command, places; and it is started."""
    done = run_role(drain, groups=("app",), data={"app": shop, "drain": Drain(deadline=120, hooks=20)})
    files = written(done)

    assert {UNIT, HOOKS, GATE, RULES, TOLD, "/usr/local/sbin/slackwater-drain"} <= set(files)
    for module in ("drain/core", "drain/causes/spot", "slots/systemd", "metadata", "signed", "files"):
        assert f"/usr/local/lib/slackwater/agents/{module}.py" in files
    assert "TimeoutStopSec=155" in files[UNIT]
    assert "TimeoutStartSec=35" in files[HOOKS]
    assert any("systemctl start slackwater-drain.service" in command for command in done.executed_commands)
    assert not any("start slackwater-drain-hooks" in command for command in done.executed_commands)


def test_the_agent_understands_what_it_is_told(run_role: Any, shop: App, tmp_path: Path) -> None:
    """Every rule by its name; what the launch template says is read beside it."""
    (tmp_path / "etc/slackwater").mkdir(parents=True)
    place = tmp_path / "etc/slackwater/drain.json"
    place.write_text(written(run_role(drain, groups=("app",), data={"app": shop}))[TOLD])
    told = load(place, tmp_path)
    hook = {"terminate_hook": "slackwater-terminate", "terminate_heartbeat": 90, "target_groups": ["web"], "hold": 70}
    (tmp_path / "etc/slackwater/instance.json").write_text(
        json.dumps({"group": "shop", "region": "eu-central-1", "endpoint": None, **hook})
    )
    instance = load(place, tmp_path)

    assert told.app is not None
    assert ("shop", 8000, False, None) == (told.app.name, told.app.port, told.app.tls, told.group)
    assert (240, 60, 50, 30, 600, 600) == (
        told.rules.deadline, told.rules.requests, told.rules.stop, told.rules.hooks, told.rules.rebalance,
        told.rules.maintenance,
    )  # fmt: skip
    assert instance.group is not None
    assert ("shop", ("web",)) == (instance.group.name, instance.group.target_groups)
    assert (90, 70, True) == (instance.rules.heartbeat, instance.rules.hold, instance.rules.is_grouped)


def test_it_may_stop_and_start_the_app_and_workers_and_nothing_else(run_role: Any, shop: App) -> None:
    """By the very expression that polkit runs."""
    text = written(run_role(drain, groups=("app",), data={"app": shop}))[RULES]
    found = re.search(r"var own = /(.*)/;", text)
    assert found
    own = re.compile(found[1])

    for unit in ("slackwater-shop@r1-0a1b.service", "slackwater-shop@r1-0a1b.socket", "celery-shop@mail.service"):
        assert own.search(unit)
    for unit in ("nginx.service", "slackwater-shop.service", "slackwater-cut@1.service", "ssh.service",
                 "slackwater-shop2@a.service", "xslackwater-shop@a.service", "slackwater-shop@a.mount"):  # fmt: skip
        assert not own.search(unit)


@pytest.mark.skipif(not shutil.which("node"), reason="needs node")
@pytest.mark.parametrize(
    ("user", "unit", "verb", "allowed"),
    [
        ("slackwater", "slackwater-shop@r1.service", "stop", True),
        ("slackwater", "slackwater-shop@r1.service", "start", True),
        ("slackwater", "slackwater-shop@r1.service", "restart", False),
        ("slackwater", "slackwater-drain-hooks.service", "start", True),
        ("slackwater", "slackwater-drain-hooks.service", "stop", False),
        ("slackwater", "nginx.service", "stop", False),
        ("www-data", "slackwater-shop@r1.service", "stop", False),
    ],
)
def test_the_rule_as_polkit_runs_it(run_role: Any, shop: App, user: str, unit: str, verb: str, allowed: bool) -> None:
    """A program of its own, so it is run."""
    text = written(run_role(drain, groups=("app",), data={"app": shop}))[RULES]
    told = json.dumps({"unit": unit, "verb": verb})
    harness = f"""
    let rule; const told = {told};
    const polkit = {{ addRule: (one) => {{ rule = one; }}, Result: {{ YES: "yes", NOT_HANDLED: "no" }} }};
    {text}
    const action = {{ id: "org.freedesktop.systemd1.manage-units", lookup: (key) => told[key] }};
    console.log(rule(action, {{ user: "{user}" }}));
    """
    done = subprocess.run(["node", "-e", harness], check=True, capture_output=True, text=True)

    assert ("yes" if allowed else "no") == done.stdout.strip()


def test_a_worker_without_an_app(run_role: Any) -> None:
    """Its gate is nobody's; the rights name Celery's units alone."""
    files = written(run_role(drain, groups=("worker",)))

    assert json.loads(files[TOLD])["app"] is None
    assert "/^(celery-[a-z0-9_-]+)@" in files[RULES]


def test_it_runs_as_nobody_special(run_role: Any, shop: App) -> None:
    """root's hooks are a unit of their own."""
    files = written(run_role(drain, groups=("app",), data={"app": shop}))

    assert "User=slackwater" in files[UNIT]
    assert "CapabilityBoundingSet=\n" in files[UNIT]
    assert "User=" not in files[HOOKS]
    assert "Before=nginx.service" in files[GATE]
    assert re.search(r"^After=.*nginx\.service", files[UNIT], re.MULTILINE)


def test_root_writes_only_where_root_alone_may(run_role: Any, shop: App, tmp_path: Path) -> None:
    """The operator's wish and what the hooks said; in its own directories the agent's user could lay links there."""
    done = run_role(drain, groups=("app",), data={"app": shop})
    (tmp_path / "drain.json").write_text(written(done)[TOLD])
    told = load(tmp_path / "drain.json")
    said = "".join(done.executed_commands)

    for folder in (told.wish.parent, told.hooked.parent):
        assert f"install -d -m 755 -o root -g root {folder}\n" in said
    assert f"install -d -m 755 -o slackwater -g slackwater {told.leave.parent}\n" in said


def test_elsewhere_it_goes(run_role: Any) -> None:
    """Whoever had it loses it, the operator's hooks apart; whoever had not is asked a single question."""
    former = Bare(lines={f"test ! -e {UNIT}": ["there"]})
    (removed,) = run_role(drain, groups=("balancer",), bare=former).executed_commands

    assert "systemctl disable --quiet --now $unit" in removed
    assert "drain.d" not in removed
    assert " /var/lib/slackwater/drain.wish " in removed
    assert removed.rindex(UNIT) > removed.index("daemon-reload")
    assert [] == run_role(drain, groups=("balancer",)).executed_commands


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="needs systemd-analyze")
def test_systemd_takes_the_units(run_role: Any, shop: App, tmp_path: Path) -> None:
    """Each line of them."""
    files = written(run_role(drain, groups=("app",), data={"app": shop}))
    places = [tmp_path / Path(unit).name for unit in (UNIT, HOOKS, GATE)]
    for place in places:
        place.write_text(files[f"/etc/systemd/system/{place.name}"])
    verify = ["systemd-analyze", "verify", "--man=no", "--recursive-errors=no", *map(str, places)]
    done = subprocess.run(verify, check=False, capture_output=True, text=True)

    assert (0, "") == (done.returncode, done.stdout + done.stderr)
