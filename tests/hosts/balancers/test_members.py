"""Members join, drain and leave while people are served: kept connections, 40 ms away."""

from __future__ import annotations

import time

from slackwater.lab import LabHost
from tests.hosts.balancers.desk import API, LIMIT, TOLD, agent, measured, members, script, settled, states, until
from tests.hosts.converge.running import count, out, rate
from tests.hosts.releases.site import Site, nothing_lost, traffic

RATE, RTT = rate(300), 0.04
FLAG = "/run/slackwater/draining"

CHANGES = f"""{API}
dice = random.Random(3)
wanted, last, generation = ask("GET")["members"], set(), 10**9
keys = ("name", "address", "port", "weight", "backup", "since", "slow_start")
everyone = [{{key: member[key] for key in keys}} for member in wanted]
for number in range(int(sys.argv[1])):
    names = last
    while names == last:
        chosen = dice.sample(everyone, dice.randint(1, len(everyone)))
        names = {{member["name"] for member in chosen}}
    last = names
    ask("PUT", json.dumps({{"generation": generation + number, "members": chosen}}))
    time.sleep(0.1)
ask("PUT", json.dumps({{"generation": generation + number + 1, "members": everyone}}))
"""

ASK = f"""{API}
seen, last, end = 0, time.time(), time.time() + float(sys.argv[2])
while time.time() < end:
    found = [m for m in ask("GET")["members"] if m["name"] == sys.argv[1]]
    if found and found[0]["requests"] != seen:
        seen, last = found[0]["requests"], time.time()
    time.sleep(0.02)
print(last, bool(found))
"""
"""Until when a member still got new requests, and whether it is listed at the end."""


def tell(balancer: LabHost, left_out: set[str]) -> None:
    """The agent's file without some of its members, as a converge of a smaller fleet would write it."""
    text = (
        "import json, os, sys; path = sys.argv[1]; told = json.load(open(path + '.all'));"
        "left = set(sys.argv[2].split(','));"
        "first = told['membership'][0];"
        "first['members'] = [m for m in first['members'] if m['name'] not in left];"
        "json.dump(told, open(path + '.new', 'w')); os.chmod(path + '.new', 0o640);"
        "import shutil; shutil.chown(path + '.new', 'root', 'slackwater'); os.rename(path + '.new', path)"
    )
    out(balancer, f"[ -e {TOLD}.all ] || cp -p {TOLD} {TOLD}.all")
    script(balancer, text, TOLD, ",".join(left_out) or "-")


def leave_and_come_back(balancer: LabHost, names: list[str], name: str) -> None:
    rest = dict.fromkeys(set(names) - {name}, "up")
    tell(balancer, {name})
    settled(balancer, rest)
    tell(balancer, set())
    settled(balancer, rest | {name: "up"})


def drain_and_come_back(site: Site, balancer: LabHost, name: str) -> None:
    names = site.hosts()
    site.on(name, f"touch {FLAG}")
    settled(balancer, dict.fromkeys(set(names) - {name}, "up") | {name: "draining"})
    site.on(name, f"rm {FLAG}")
    settled(balancer, dict.fromkeys(names, "up"))


def test_a_fresh_balancer_knows_all_hosts(site: Site, balancer: LabHost) -> None:
    """What the agent says and what nginx has is one list."""
    settled(balancer, dict.fromkeys(site.hosts(), "up"))

    assert {name: (site.lab.host(name).address, 8000, 100) for name in site.hosts()} == members(balancer)


def test_joins_drains_and_leaves_lose_nothing(site: Site, balancer: LabHost) -> None:
    """Hosts leave the list and come back, hosts say `draining` and come back, one after the other."""
    settled(balancer, dict.fromkeys(site.hosts(), "up"))
    names = site.hosts()
    try:
        with traffic(site, RATE, keepalive=1.0, rtt=RTT) as people:
            for turn in range(count(500) // 4 + 1):
                leave_and_come_back(balancer, names, names[turn % len(names)])
                drain_and_come_back(site, balancer, names[(turn + 1) % len(names)])
    finally:
        balancer.ssh(f"[ ! -e {TOLD}.all ] || mv {TOLD}.all {TOLD}")
        for name in names:
            site.lab.host(name).ssh(f"rm -f {FLAG}")

    nothing_lost(site, people)


def test_a_change_every_100_ms_loses_nothing(site: Site, balancer: LabHost) -> None:
    """At nginx's own socket, faster than any agent would."""
    balancer.ssh("systemctl stop slackwater-upstreams.service")
    try:
        with traffic(site, RATE, keepalive=1.0, rtt=RTT) as people:
            script(balancer, CHANGES, str(count(500)))
    finally:
        balancer.ssh("systemctl start slackwater-upstreams.service")

    nothing_lost(site, people)


def test_draining_stops_new_requests_and_finishes_the_others(site: Site, balancer: LabHost) -> None:
    """Within a probe interval and its answer; what was in flight is answered."""
    with traffic(site, RATE, keepalive=1.0, rtt=RTT, long=0.02, long_ms=6000) as people:
        time.sleep(3)
        begun = float(site.on("app-1", f"touch {FLAG}; date +%s.%N"))
        last, is_listed = script(balancer, ASK, "app-1", "5").split()
        assert "draining" == states(balancer)["app-1"]
        reason = next(m["reason"] for m in agent(balancer)["members"] if m["name"] == "app-1")
        time.sleep(3)
        site.on("app-1", f"rm {FLAG}")
    measured(f"the last new request {float(last) - begun:.2f} s after the host said draining")

    nothing_lost(site, people)
    assert "False" == is_listed
    assert "drains" in reason


def readiness(balancer: LabHost) -> set[bool | None]:
    return {member["ready"] for member in agent(balancer)["members"]}


def test_traffic_flows_when_every_host_says_it_is_not_ready(site: Site, balancer: LabHost) -> None:
    """A database that all share is down: nobody is taken out for it, and its recovery is seen."""
    site.tell(stable=0, variables={"DEPENDENCY": f"{site.lab.host('balancer-1').address}:8099"})
    listener = "systemd-run -q --unit=dependency python3 -m http.server 8099"
    try:
        out(balancer, listener)
        site.converge()
        with traffic(site, RATE, keepalive=1.0, rtt=RTT) as people:
            out(balancer, "systemctl stop dependency")
            not_ready = until(lambda: {False} == readiness(balancer), "all not ready", LIMIT)
            assert dict.fromkeys(site.hosts(), "up") == states(balancer)
            time.sleep(3)
            out(balancer, listener)
            until(lambda: {True} == readiness(balancer), "all ready again", LIMIT)
    finally:
        site.tell(stable=0)
        site.converge()
        balancer.ssh("systemctl stop dependency")
    measured(f"not ready was seen everywhere after {not_ready:.1f} s; {people.stop().summary()}")

    nothing_lost(site, people)
