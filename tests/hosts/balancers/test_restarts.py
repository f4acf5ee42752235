"""What runs on the balancer dies and comes back: the members are the same, and people notice as little as can be."""

from __future__ import annotations

import time

from slackwater.lab import LabHost
from tests.hosts.balancers.desk import agent, listed, measured, places, settled, until
from tests.hosts.converge.running import count, out, rate, served, url
from tests.hosts.releases.site import Site, nothing_lost, traffic

RATE, RTT = rate(300), 0.04
UNIT = "slackwater-upstreams.service"


def pid(balancer: LabHost, unit: str) -> str:
    return out(balancer, f"systemctl show -P MainPID {unit}")


def test_the_agent_may_die_and_restart(site: Site, balancer: LabHost) -> None:
    """Killed and restarted again and again: the same members, nothing lost."""
    settled(balancer, dict.fromkeys(site.hosts(), "up"))
    before = places(balancer)
    with traffic(site, RATE, keepalive=1.0, rtt=RTT) as people:
        for turn in range(count(50)):
            out(balancer, f"systemctl kill -s KILL {UNIT}" if turn % 2 else f"systemctl restart {UNIT}")
            until(lambda: balancer.ssh(f"systemctl is-active -q {UNIT}").returncode == 0, "the agent is back")
            assert before == places(balancer)
        settled(balancer, dict.fromkeys(site.hosts(), "up"))

    nothing_lost(site, people)
    assert 0 < agent(balancer)["generation"]


def test_a_killed_nginx_worker_takes_its_counts_with_it(site: Site, balancer: LabHost) -> None:
    """Its clients lose what it was carrying; its in-flight counts do not stay behind."""
    before = places(balancer)
    with traffic(site, RATE, keepalive=1.0, rtt=RTT) as people:
        time.sleep(2)
        out(balancer, "kill -9 $(pgrep -P $(cat /run/nginx.pid) | head -1)")
        time.sleep(3)
    result = people.stop()
    measured(f"a worker of the only balancer: {result.summary()}")
    assert before == places(balancer)
    until(lambda: {0} == {m["in_flight"] for m in listed(balancer)["members"]}, "nothing in flight")


def test_a_killed_nginx_comes_back_with_its_members(site: Site, balancer: LabHost) -> None:
    """systemd starts it again, over the socket it left, and the list is there before anybody asks."""
    before = places(balancer)
    with traffic(site, RATE, keepalive=1.0, rtt=RTT) as people:
        time.sleep(2)
        out(balancer, "kill -9 $(cat /run/nginx.pid)")
        time.sleep(5)
    result = people.stop()
    measured(f"the master of the only balancer: {result.summary()}")
    assert before == places(balancer)
    assert not any(reason.endswith("503") for reason in result.reasons), result.summary()


def test_nginx_restarts_without_the_agent(site: Site, balancer: LabHost) -> None:
    """The last good list is on disk: no agent is needed to serve."""
    before = places(balancer)
    out(balancer, f"systemctl stop {UNIT}; systemctl restart nginx.service")
    try:
        assert 200 == served(url(site.lab), "/").status_code
        assert before == places(balancer)
    finally:
        out(balancer, f"systemctl start {UNIT}")


def test_a_rebooted_balancer_has_its_members(site: Site, balancer: LabHost) -> None:
    """From the first request on."""
    before = places(balancer)
    balancer.reboot()
    balancer.wait_until_ready()

    assert 200 == served(url(site.lab), "/").status_code
    assert before == places(balancer)
    assert "active" == out(balancer, f"systemctl is-active {UNIT}")
