"""The agent as a process on a host: each cause to its effects, restarts, and what must not make it drain."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from slackwater.agents.drain.agent import WRITE
from slackwater.agents.drain.leave import Leave
from tests.agents.drain.site import UNITS, Site, until

TOLD_WHILE_IT_HOLDS_ITS_OWN_LOCK = """
import os, signal, sys, threading
from agents.drain.__main__ import main
from agents.drain.agent import Agent

def seen(frame, event, _):
    is_wait = event == "call" and frame.f_code is threading.Condition.wait.__code__
    if is_wait and frame.f_back.f_back.f_code is Agent.run.__code__:
        sys.setprofile(None)
        os.kill(os.getpid(), signal.SIGTERM)

sys.argv[1:] = ["etc/slackwater/drain.json", "."]
sys.setprofile(seen)
main()
"""
SOON = {"action": "terminate", "time": "2099-01-01T00:00:00Z"}


def hook(site: Site, name: str, text: str) -> None:
    path = site.root / "etc/slackwater/drain.d" / name
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)


@contextmanager
def no_room(folder: Path) -> Iterator[None]:
    """A file system of one page, and that is taken."""
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4k", "tmpfs", str(folder)], check=True)
    try:
        (folder / "full").write_bytes(b"x" * 4096)
        yield
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def at_shutdown(site: Site, boot: str = "") -> None:
    """What systemd runs once the agent has ended; in another boot, when there is one."""
    if boot:
        (site.root / "run/slackwater-drain/boot").write_text(boot)
    words = ["agents.drain.hooks", "etc/slackwater/drain.json", "--at-shutdown"]
    own = site.environment | {"SLACKWATER_ROOT": "."}
    subprocess.run([sys.executable, "-sP", "-m", *words], cwd=site.root, env=own, check=True)


def test_an_operator_takes_a_host_out_and_puts_it_back(host: Site) -> None:
    """Gate, requests, the app, hooks, in that order; and the other way round without hooks."""
    hook(host, "10-ship", 'echo "ship" >> "$HOST_HOME/jobs"')
    with host.agent():
        until(lambda: host.is_at("serving"))
        assert 0 == host.command("drain", "--by", "anna", "--reason", "kernel").returncode
        until(lambda: host.is_at("drained", held=True))
        found = host.state()
        assert host.nginx.is_closed
        assert set() == host.running()
        assert 0 == host.command("undrain").returncode
        until(lambda: host.is_at("serving") and not host.state()["starting"])

    assert ["asked by anna: kernel"] == [one["said"] for one in found["causes"]]
    assert [] == found["cut"]
    assert not host.nginx.is_closed
    assert set(UNITS) == host.running()
    jobs = host.jobs()
    assert [f"stop {unit}" for unit in UNITS] == jobs[:2]
    assert ["start slackwater-drain-hooks.service", "journalctl --sync", "ship"] == jobs[2:5]
    assert {f"start {unit}" for unit in UNITS} == set(jobs[5:])
    assert ["draining", "stopping", "drained", "serving"] == [one["state"] for one in host.state()["history"]]


def test_a_full_disk_keeps_no_hook_from_running(host: Site) -> None:
    """What the leave is stands where hooks and the agent's next start find it, until the disk takes it again."""
    hook(host, "10-ship", 'echo "ship" >> "$HOST_HOME/jobs"')
    disk = host.told.state
    with host.agent():
        until(lambda: host.is_at("serving"))
        with no_room(disk):
            host.command("drain")
            until(lambda: host.is_at("drained", held=True))
            found = host.state()
    spare = host.told.spare.exists()
    with host.agent():
        until(lambda: host.is_at("drained", held=True))
        host.command("undrain")
        until(lambda: host.is_at("serving") and not host.state()["starting"])

    assert [] == found["cut"]
    assert "ship" in host.jobs()
    assert spare
    assert (False, "serving") == (host.told.spare.exists(), host.leave()["state"])


def test_a_disk_that_has_room_again_takes_the_leave(host: Site) -> None:
    """Also when nothing of it has changed since: without it a power cut would open the gate."""
    disk = host.told.state
    with host.agent():
        until(lambda: host.is_at("serving"))
        with no_room(disk):
            host.command("drain")
            until(lambda: host.is_at("drained", held=True))
        until(lambda: not host.told.spare.exists(), 10)

    assert "drained" == host.leave()["state"]


def test_a_slot_that_was_replaced_meanwhile_stays_down(host: Site) -> None:
    """A converge has switched to another one while the host was out; nobody waits for the old one."""
    with host.agent():
        host.command("drain")
        until(lambda: host.is_at("drained", held=True))
        live = host.root / "etc/slackwater/shop/live/r1"
        live.unlink()
        live.symlink_to("../r1-bbbbbbbb")
        host.command("undrain")
        until(lambda: not host.nginx.is_closed, 20)

    assert {"slackwater-shop@r1-bbbbbbbb.service", "slackwater-shop@r1-bbbbbbbb.socket"} == host.running()


def test_called_back_while_its_app_still_stops(host: Site) -> None:
    """systemd starts it once the last of its requests has ended: until then nobody may be sent to it."""
    (host.root / "slow").touch()
    with host.agent():
        host.command("drain")
        until(lambda: [f"stop {unit}" for unit in UNITS] == host.jobs())
        host.command("undrain")
        until(lambda: {f"start {unit}" for unit in UNITS} <= set(host.jobs()))
        time.sleep(2)
        assert host.nginx.is_closed
        for unit in UNITS:
            (host.root / "units" / unit).write_text("")
        until(lambda: not host.nginx.is_closed, 20)


def test_a_host_that_is_out_does_not_run_its_app_after_a_boot(host: Site) -> None:
    """The boot starts the slot that is live; called back, the host serves with it."""
    with host.agent():
        host.command("drain")
        until(lambda: host.is_at("drained", held=True))
    (host.root / "run/slackwater-drain/boot").write_text("another")
    (host.root / "run/slackwater-drain/state.json").unlink()
    (host.root / "run/slackwater-drain-hooks/result.json").unlink()
    for unit in UNITS:
        (host.root / "units" / unit).touch()
    with host.agent():
        until(lambda: host.is_at("drained", held=True))
        assert (set(), True) == (host.running(), host.nginx.is_closed)
        host.command("undrain")
        until(lambda: host.is_at("serving") and not host.state()["starting"])

    assert set(UNITS) == host.running()
    assert not host.nginx.is_closed


def test_it_waits_for_what_is_in_flight(host: Site) -> None:
    """And stops the app only then."""
    host.nginx.in_flight = 3
    with host.agent():
        host.command("drain")
        until(lambda: host.state().get("in_flight") == 3)
        time.sleep(1.5)
        assert ("quiet", set(UNITS)) == (host.state()["step"], host.running())
        host.nginx.in_flight = 0
        until(lambda: host.is_at("drained", held=True))


@pytest.mark.parametrize("listens", [True, False], ids=["hang", "refuse"])
def test_counters_that_are_silent_are_no_count(host: Site, listens: bool) -> None:
    """On a host that is busy they may be: what is in flight then is not cut."""
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        if listens:
            silent.listen()
        host.counters = silent.getsockname()[1]
        host.tell()
        with host.agent():
            host.command("drain")
            until(lambda: host.state().get("step") == "quiet")
            time.sleep(4)
            assert ("quiet", set(UNITS)) == (host.state()["step"], host.running())


def test_a_host_without_nginx_has_nothing_in_flight(host: Site) -> None:
    """Nobody waits for what nobody can send."""
    host.nginx.shutdown()
    host.nginx.server_close()
    with host.agent():
        host.command("drain")
        until(lambda: host.is_at("drained", held=True))

    assert [] == host.state()["cut"]


def test_it_waits_for_the_balancers_that_ask(host: Site) -> None:
    """Until each has fetched the closed gate; nginx tells which ask."""
    with host.agent():
        until(lambda: host.is_at("serving"))
        for address in ("10.0.0.2", "10.0.0.3", "127.0.0.1"):
            host.nginx.asked(address)
        host.command("drain")
        until(lambda: host.state().get("step") == "balancers")
        until(lambda: host.state().get("unaware") == ["10.0.0.2", "10.0.0.3"])
        time.sleep(1)  # whatever else changes has been written
        host.nginx.asked("10.0.0.2")
        until(lambda: host.state().get("unaware") == ["10.0.0.3"], WRITE / 2)
        host.nginx.asked("10.0.0.3")
        until(lambda: host.is_at("drained", held=True))

    assert [] == host.state()["cut"]


def test_an_agent_that_starts_listens_first(host: Site) -> None:
    """The last one was stopped for longer than its notes are good for: a balancer is known when it asks."""
    host.tell(listen=4)
    with host.agent():
        until(lambda: host.is_at("serving"))
        host.command("drain")
        until(lambda: host.state().get("step") == "balancers")
        host.nginx.asked("10.0.0.2", 200)
        until(lambda: host.state().get("unaware") == ["10.0.0.2"])
        host.nginx.asked("10.0.0.2")
        until(lambda: host.is_at("drained", held=True))

    assert [] == host.state()["cut"]


def test_a_flag_that_nginx_cannot_read_stops_no_app(host: Site) -> None:
    """It would fail open: people would still be sent to a host whose app is gone."""
    host.nginx.reads_flag = False
    with host.agent():
        host.command("drain")
        until(lambda: host.state().get("gate") == "open")
        time.sleep(1)
        assert ("gate", set(UNITS)) == (host.state()["step"], host.running())


@pytest.mark.parametrize("state", ["Terminated", "Warmed:Terminated"])
def test_the_group_takes_it_out(host: Site, state: str) -> None:
    """Without a hook nobody is told, and it is done."""
    with host.agent():
        until(lambda: host.is_at("serving"))
        host.me.target = state
        until(lambda: host.is_at("done"))

    assert set() == host.running()


@pytest.mark.parametrize("state", ["InService", "Warmed:Stopped", "Standby", "Detached", None])
def test_on_its_way_to_anywhere_else_it_serves(host: Site, state: str | None) -> None:
    """InService is what an instance in Pending:Wait reads, too."""
    host.me.target = state
    with host.agent():
        until(lambda: host.is_at("serving"))
        time.sleep(1)
        assert host.is_at("serving")

    assert not host.nginx.is_closed


def test_spot_says_what_it_had_no_time_for(host: Site) -> None:
    """Requests that never end, an app that does not stop: it is done all the same, and says what was cut."""
    host.tell(deadline=20, requests=10, stop=3, hooks=1)
    host.nginx.in_flight = 1
    (host.root / "stuck").touch()
    host.me.spot = json.dumps(SOON)
    with host.agent():
        until(lambda: host.is_at("done"))

    assert {"quiet", "stop"} <= {line.split()[0] for line in host.state()["cut"]}


def test_a_rebalance_without_interruption(host: Site) -> None:
    """Out of traffic with the app running, then back; the same recommendation counts once."""
    host.tell(rebalance=3)
    with host.agent():
        until(lambda: host.is_at("serving"))
        host.me.rebalance = json.dumps({"noticeTime": "2026-11-21T19:00:00Z"})
        until(lambda: host.is_at("draining", held=True))
        assert set(UNITS) == host.running()
        until(lambda: host.is_at("serving"))
        time.sleep(6)
        assert host.is_at("serving")

    assert [] == host.jobs()


def test_maintenance_that_is_near(host: Site) -> None:
    """Out of traffic before it begins; an event of next week is none yet."""
    event = {"Code": "system-reboot", "NotBefore": "1 Jan 2099 09:00:43 GMT", "EventId": "e-1", "State": "active"}
    host.me.maintenance = json.dumps([event, event | {"NotBefore": "21 Nov 2020 09:00:43 GMT", "State": "canceled"}])
    with host.agent():
        until(lambda: host.is_at("serving"))
        time.sleep(1)
        assert host.is_at("serving")
    host.me.maintenance = json.dumps([event | {"NotBefore": "21 Nov 2020 09:00:43 GMT"}])
    with host.agent():
        until(lambda: host.is_at("draining", held=True))


def test_metadata_that_are_down_are_no_reason_to_drain(host: Site) -> None:
    """Nor is nonsense; an operator is heard all the same."""
    host.me.enabled = False
    with host.agent():
        until(lambda: host.state().get("metadata"))
        host.me.enabled, host.me.spot = True, "<html>"
        until(lambda: "<html>" in host.state()["metadata"])
        assert host.is_at("serving")
        host.command("drain")
        until(lambda: host.is_at("drained", held=True))


def test_metadata_that_nobody_has_thought_of_end_no_thread(host: Site) -> None:
    """Whatever it is that breaks the reading: the next notice is heard."""
    host.me.maintenance = "[" * 100_000
    with host.agent():
        until(lambda: any("RecursionError" in line for line in (host.root / "log").read_text().splitlines()))
        host.me.target = "Terminated"
        until(lambda: host.is_at("done"), 40)


def test_a_target_group_is_remembered_until_it_is_back_in_it(host: Site) -> None:
    """An agent that starts, after a reboot for one, while AWS cannot be reached."""
    gone = {"endpoint": "http://127.0.0.1:9", "target_groups": ["shop"], "hold": 70}
    host.tell({"group": "g", "region": "eu-central-1", "terminate_hook": "down", **gone})
    host.told.leave.write_text(json.dumps(Leave(groups=("arn",)).as_json()))
    with host.agent():
        until(lambda: "target groups: " in (host.root / "log").read_text())
        time.sleep(1.5)

    assert ("serving", ["arn"]) == (host.leave()["state"], host.leave()["groups"])


def test_a_restart_of_the_agent_drains_nothing(host: Site) -> None:
    """It ends at once, and the gate stays as it was."""
    with host.agent() as running:
        until(lambda: host.is_at("serving"))
        running.terminate()
        assert 0 == running.wait(10)

    assert not host.nginx.is_closed
    assert set(UNITS) == host.running()
    assert [] == host.jobs()


def test_it_may_be_told_to_stop_at_any_moment(host: Site) -> None:
    """A signal comes between any two steps of the loop, also in the middle of its wait for the next look."""
    words = [sys.executable, "-sP", "-c", TOLD_WHILE_IT_HOLDS_ITS_OWN_LOCK]
    done = subprocess.run(words, cwd=host.root, env=host.environment, timeout=20, check=False)

    assert 0 == done.returncode


def test_the_machines_end_drains_first(host: Site) -> None:
    """It ends only when nothing is in flight; the app is then systemd's to stop, and root's hooks run after it."""
    hook(host, "10-ship", 'echo "ship" >> "$HOST_HOME/jobs"')
    host.nginx.in_flight = 1
    with host.agent() as running:
        until(lambda: host.is_at("serving"))
        (host.root / "system").write_text("stopping\n")
        running.terminate()
        until(lambda: host.state().get("step") == "quiet")
        assert running.poll() is None
        host.nginx.in_flight = 0
        assert 0 == running.wait(20)

    assert host.nginx.is_closed
    assert [] == host.jobs()
    for _ in range(2):
        at_shutdown(host)
    assert ["journalctl --sync", "ship"] == host.jobs()


def test_after_a_boot_the_last_ones_end_is_over(host: Site) -> None:
    """Also for root's hooks, when the agent of a host that serves is restarted or dies."""
    hook(host, "10-ship", 'echo "ship" >> "$HOST_HOME/jobs"')
    with host.agent() as running:
        until(lambda: host.is_at("serving"))
        (host.root / "system").write_text("stopping\n")
        running.terminate()
        assert 0 == running.wait(20)
    at_shutdown(host, boot="another")
    (host.root / "system").write_text("running\n")
    with host.agent():
        until(lambda: host.is_at("serving"))
        at_shutdown(host)

    assert ("serving", []) == (host.leave()["state"], host.leave()["notices"])
    assert [] == host.jobs()


def test_systemd_that_does_not_say_what_goes_on_is_asked_again(host: Site) -> None:
    """A machine that goes down may be too busy to say so at once; nginx must not go before the gate is closed."""
    with host.agent() as running:
        until(lambda: host.is_at("serving"))
        (host.root / "system").unlink()
        running.terminate()
        time.sleep(1.5)
        (host.root / "system").write_text("stopping\n")
        assert 0 == running.wait(20)

    assert host.nginx.is_closed


def test_a_wish_that_cannot_be_read_changes_nothing(host: Site) -> None:
    """Neither on a host that is out nor on one that serves; it is said once."""
    wish = host.told.wish
    with host.agent():
        wish.write_text("{")
        until(lambda: host.is_at("serving"))
        wish.unlink()
        host.command("drain")
        until(lambda: host.is_at("drained", held=True))
        wish.write_text("{")
        time.sleep(2)
        assert host.is_at("drained", held=True)
        wish.unlink()
        until(lambda: host.is_at("serving"))

    assert 2 == sum("operator.json cannot be read" in line for line in host.lines)


@pytest.mark.parametrize("step", ["gate", "balancers", "quiet", "stop", "hooks"])
def test_killed_in_each_step_it_goes_on(host: Site, step: str) -> None:
    """From where it was; nothing is done twice that must be done once."""
    hook(host, "10-ship", 'echo "ship" >> "$HOST_HOME/jobs"; while [ -e "$HOST_HOME/wait" ]; do sleep 0.1; done')
    host.nginx.reads_flag = step != "gate"
    host.nginx.in_flight = int(step == "quiet")
    for flag in {"stop": ["stuck"], "hooks": ["wait"]}.get(step, []):
        (host.root / flag).touch()
    with host.agent() as running:
        until(lambda: host.is_at("serving"))
        if step == "balancers":
            host.nginx.asked("10.0.0.2")
            until(lambda: "10.0.0.2" in host.known())
        host.command("drain")
        until(lambda: (host.root / "var/lib/slackwater/drain/leave.json").exists() and host.leave()["step"] == step)
        began = host.leave()["began"]
        running.send_signal(signal.SIGKILL)
        running.wait()
        last = host.state()["at"]
    host.nginx.reads_flag, host.nginx.in_flight = True, 0
    for flag in ("stuck", "wait"):
        (host.root / flag).unlink(missing_ok=True)
    with host.agent():
        if step == "balancers":
            until(lambda: host.state()["at"] > last and host.state()["unaware"] == ["10.0.0.2"])
            assert set(UNITS) == host.running()
            host.nginx.asked("10.0.0.2")
        until(lambda: host.is_at("drained", held=True))

    assert began == host.leave()["began"]
    assert set() == host.running()
    assert 1 == host.jobs().count("ship")


def test_systemd_is_told(host: Site) -> None:
    """Ready, alive, what it is at, stopping."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(host.root / "notify"))
        with host.agent(NOTIFY_SOCKET=str(host.root / "notify"), WATCHDOG_USEC="1") as running:
            until(lambda: host.is_at("serving"))
            time.sleep(2.5)
            running.terminate()
            running.wait(10)
        manager.setblocking(False)
        words = []
        with suppress(BlockingIOError):
            while True:
                words.append(manager.recv(200).decode())

    assert ["STATUS=serving", "READY=1", "WATCHDOG=1"] == words[:3]
    assert words.count("WATCHDOG=1") > 2
    assert "STOPPING=1" == words[-1]


def test_a_wrong_file_is_one_sentence(host: Site) -> None:
    """And a failed start."""
    (host.root / "etc/slackwater/drain.json").write_text('{"app": null, "rules": {"dedline": 3}}')
    with host.agent() as running:
        assert 1 == running.wait(10)

    assert ["drain.json cannot be read: ValueError('rules has dedline'); converge this host"] == [
        line.rpartition("/")[2] for line in host.lines
    ]


def test_it_is_small_while_it_serves(host: Site) -> None:
    """Standard library only: its resident memory stays below 25 MB, what it shares with others included."""
    with host.agent() as running:
        until(lambda: host.is_at("serving"))
        time.sleep(2)
        rows = Path(f"/proc/{running.pid}/status").read_text().splitlines()
        resident = next(int(row.split()[1]) for row in rows if row.startswith("VmRSS"))

    assert 25_000 > resident


def test_the_command_says_when_nobody_is_there(host: Site) -> None:
    """A wish without an agent would never come true."""
    done = host.command("status")

    assert (1, "the drain agent does not run, unknown\n") == (done.returncode, done.stdout)
    assert "example: slackwater-drain drain" in host.command("--help").stdout
