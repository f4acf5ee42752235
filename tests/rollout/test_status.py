"""What people and programs are told of a fleet: `slackwater status`, and --json when something is wrong."""

from __future__ import annotations

import json
import signal

from .machine import as_python
from .site import Site

THREE = ("app-1", "app-2", "app-3")


def test_a_fleet_that_is_well(site: Site) -> None:
    """Exit status 0; a database host, which has neither the app nor nginx, is no fault."""
    (site.hosts["balancer-1"].home / "etc/nginx/slackwater.d").mkdir(parents=True)
    site.declare("app-1", "app-2", groups=f"database = {as_python([site.hosts['app-3']])}\n")
    work = site.begin("status", "--json")
    status = work.wait()
    told = json.loads(work.output.read_text())

    assert 0 == status, work.said()
    assert (True, "r1", None) == (told["ok"], told["proved"], told["change"])
    rows = [(row["host"], row["group"], row["release"], row["health"], row["in_flight"]) for row in told["hosts"]]
    assert [
        ("app-1", "app", "r1", "ok", 3),
        ("app-2", "app", "r1", "ok", 3),
        ("app-3", "database", None, "ok", None),
        ("balancer-1", "balancer", None, "ok", None),
    ] == rows


def test_the_operators_machine_is_no_host_of_the_fleet(site: Site) -> None:
    """`cloud` is where AWS is asked from: it serves nobody, and nothing of it is looked at."""
    (site.hosts["balancer-1"].home / "etc/nginx/slackwater.d").mkdir(parents=True)
    site.declare("app-1", "app-2", "app-3", groups='cloud = ["@local"]\n')
    work = site.begin("status", "--json")
    status = work.wait()

    assert 0 == status, work.said()
    assert [*THREE, "balancer-1"] == [row["host"] for row in json.loads(work.output.read_text())["hosts"]]


def test_each_host_has_its_own_fault(site: Site) -> None:
    """One frozen, one silent, one on another release, a balancer without nginx: a row each, exit status 1."""
    site.tell(banner=1)
    (site.hosts["balancer-1"].home / "etc/nginx/slackwater.d").mkdir(parents=True)
    site.hosts["balancer-1"].tell("nginx-dead")
    site.hosts["app-1"].reset("r2")
    site.hosts["app-2"].tell("status-silent")
    site.hosts["app-3"].signal(signal.SIGSTOP)
    status, said = site.run("status")
    rows = {line.split()[0]: line for line in said.splitlines()[2:]}

    assert 1 == status
    assert ["r2", "r1", "ok"] == rows["app-1"].split()[2:5]
    assert "it said nothing" in rows["app-2"]
    assert "SSH error" in rows["app-3"]
    assert "nginx is not running" in rows["balancer-1"]


def test_a_program_gets_a_result_of_failures_too(site: Site) -> None:
    """No such release, faults in the settings: not a word on stdout that is no JSON."""
    unknown = site.begin("rollout", "--release", "r9", "--json")
    site.write("told/app.py", "app = 'shop'\n")
    faulty = site.begin("rollback", "--group-data", "told", "--json")

    assert (1, 1) == (unknown.wait(), faulty.wait())
    assert "has no release 'r9'" in unknown.objects()[-1]["result"]["error"]
    assert [{"result"}] == [set(line) for line in faulty.objects()]
    assert "must be App(…)" in faulty.objects()[-1]["result"]["error"]
