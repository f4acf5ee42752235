"""The lab itself: its hosts are machines, and nothing of it stays."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from slackwater.errors import LabError
from slackwater.lab import HostState, Lab, LabHost, Wishes
from slackwater.lab.inventory import groups
from slackwater.lab.places import PLACES, Places

MAIN = "import sys; from slackwater.cli import main; main()"
RUN = f"t{os.getpid()}"

Fleet = Callable[..., Lab]
ShortLived = Callable[..., AbstractContextManager[Lab]]


def slackwater(*words: str, **options: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", MAIN, *words], capture_output=True, text=True, check=False, **options)


def out(host: LabHost, command: str, user: str = "root") -> str:
    done = host.ssh(command, user=user)
    assert done.returncode == 0, f"{host.name}: {command}: {done.stderr}"
    return done.stdout.strip()


@pytest.fixture(scope="module")
def small(passing: Fleet) -> Lab:
    """One host of each kind that matters here; the second app host has another system and a small disk."""
    return passing("small", app=2, balancer=1, suite_of={"app-2": "trixie"}, disk_of={"app-2": "300M"})


@pytest.fixture
def app(small: Lab) -> Iterator[LabHost]:
    """The first app host, brought back if a test left it off or unplugged."""
    host = small.host("app-1")
    yield host
    host.network("on")
    host.start()
    host.wait_until_ready()


def test_hosts_have_names_and_addresses_and_know_each_other(small: Lab) -> None:
    """Each reaches every other by name."""
    for host in small.hosts():
        names = [other.name for other in small.hosts()]
        pings = "; ".join(f"ping -c1 -W2 -q {name} > /dev/null && echo {name}" for name in names)

        assert [host.name, *names] == out(host, f"hostname; {pings}").splitlines()
        assert host.address in out(host, "ip -4 -o addr show eth0")


@pytest.mark.parametrize(("name", "suite"), [("app-1", "bookworm"), ("app-2", "trixie")])
def test_both_systems_boot_without_a_failed_unit(small: Lab, name: str, suite: str) -> None:
    """systemd is PID 1 and has nothing to complain about."""
    host = small.host(name)

    assert ["running", suite] == out(
        host, ". /etc/os-release; systemctl is-system-running --wait; echo $VERSION_CODENAME"
    ).split()


@pytest.mark.parametrize("name", ["app-1", "app-2"])
def test_the_image_has_what_a_cloud_image_has(small: Lab, name: str) -> None:
    """Python and an admin with sudo, but nothing that a role should have installed."""
    host = small.host(name)

    assert "root" == out(host, "sudo -n whoami", user="admin")
    assert "" == out(
        host, "dpkg-query -W -f '${Package}\\n' 2> /dev/null | grep -xE 'nginx|python3-venv|gunicorn' || true"
    )


@pytest.mark.parametrize("name", ["app-1", "app-2"])
def test_packages_come_in_through_the_proxy(small: Lab, name: str) -> None:
    """As behind a company's proxy: from the session's environment, for apt and pip alike."""
    host = small.host(name)

    assert f"http://{host.lan.machine_side}:3128" == out(host, "echo $http_proxy")
    assert "jq-" in out(host, "apt-get update -qq && apt-get install -qq jq > /dev/null 2>&1; jq --version")


def test_memory_and_task_limits_of_a_unit_are_in_force(app: LabHost) -> None:
    """A unit that takes more than MemoryMax is killed for it; one within it is not."""
    command = "systemd-run -q --wait -p MemoryMax=48M -p TasksMax=5 python3 -c '{}'"
    take, fork = 'x = b"x" * {}', 'import os; [os.fork() or os._exit(os.system("sleep 5")) for _ in range(20)]'

    assert 0 == app.ssh(command.format(take.format(1_000_000))).returncode
    assert 0 != app.ssh(command.format(take.format(200_000_000))).returncode
    assert 0 != app.ssh(command.format(fork)).returncode


def test_a_reboot_keeps_the_disk_and_changes_the_boot(app: LabHost) -> None:
    """From inside, as an upgrade does it."""
    boot = out(app, "echo kept > /etc/marker; cat /proc/sys/kernel/random/boot_id")

    app.reboot()
    app.wait_until_ready()

    assert ["kept", False] == [out(app, "cat /etc/marker"), boot == out(app, "cat /proc/sys/kernel/random/boot_id")]


def test_a_power_cut_says_no_goodbye(small: Lab, app: LabHost) -> None:
    """A neighbour's connection hangs instead of ending; afterwards disk and address are the same."""
    out(app, "echo kept > /etc/marker; systemd-run -q python3 -m http.server 8000")
    out(app, "until bash -c ': < /dev/tcp/127.0.0.1/8000' 2>/dev/null; do sleep 0.1; done")
    neighbour = small.host("balancer-1")
    watch = f"exec 3<> /dev/tcp/{app.address}/8000; echo connected; read -r line <&3"
    watching = subprocess.Popen([*neighbour.ssh_command(), watch], stdout=subprocess.PIPE)
    assert watching.stdout
    assert b"connected\n" == watching.stdout.readline()

    app.power_cut()

    assert HostState.OFF is app.state()
    with pytest.raises(subprocess.TimeoutExpired):
        watching.wait(2)
    watching.kill()
    watching.communicate()
    app.start()
    app.wait_until_ready()

    assert "kept" == out(app, "cat /etc/marker")


def test_a_host_that_is_off_refuses_nothing(small: Lab, app: LabHost) -> None:
    """It is silent, as a machine without power is; a refused connection would tell too much too soon."""
    app.ssh("poweroff")
    wait_for(lambda: app.state() is HostState.OFF)

    status = small.host("balancer-1").ssh(f"curl -sS --max-time 1 telnet://{app.address}:22").returncode

    assert 28 == status


def test_without_a_network_a_host_runs_on(app: LabHost) -> None:
    """The cable stays out until it is plugged in again, reboots or not."""
    out(app, "systemd-run -q sh -c 'sleep 2; touch /etc/ran-on'; rm -f /etc/ran-on")

    app.network("off")

    wait_for(lambda: app.state() is not HostState.RUNNING)
    time.sleep(2)
    app.network("on")

    wait_for(lambda: app.state() is HostState.RUNNING)
    assert "" == out(app, "ls /etc/ran-on > /dev/null")


def test_a_small_disk_fills_up(small: Lab) -> None:
    """With the error that a full disk gives, and the host survives it."""
    host = small.host("app-2")

    done = host.ssh("dd if=/dev/zero of=/big bs=1M count=400; rm /big")

    assert "No space left on device" in done.stderr
    assert "running" == out(host, "systemctl is-system-running")


def test_ssh_checks_the_hosts_key(app: LabHost) -> None:
    """Another machine at the same address is not taken for the host."""
    file = app.places.labs / app.lan.name / "known_hosts"
    right = file.read_text()
    other = {line.split()[0]: line.split()[2] for line in right.splitlines()}
    keys = list(other.values())
    file.write_text(right.replace(keys[0], "swap").replace(keys[1], keys[0]).replace("swap", keys[1]))
    try:
        done = app.ssh("true")
    finally:
        file.write_text(right)

    assert 255 == done.returncode
    assert "Host key verification failed" in done.stderr


def test_up_again_changes_nothing(small: Lab) -> None:
    """The same boots, the same record."""
    before = [host.power.boots() for host in small.hosts()], (small.directory / "state.json").read_text()

    small.up()

    assert before == ([host.power.boots() for host in small.hosts()], (small.directory / "state.json").read_text())


def test_a_lab_grows_and_gives_back(lab: ShortLived) -> None:
    """Hosts that were there learn the new names, and forget those that went."""
    with lab("grow", app=1) as made:
        made.up(Wishes({"app": 2}))
        grown = out(made.host("app-1"), "cat /etc/hosts")
        made.remove(["app-2"])
        shrunk = out(made.host("app-1"), "cat /etc/hosts")

        assert [True, False] == ["app-2" in grown, "app-2" in shrunk]
        assert [] == list(Path("/run/netns").glob(f"*{made.name}.app-2"))


def test_labs_do_not_see_each_other(small: Lab, lab: ShortLived) -> None:
    """Two at once have networks apart, and one's end is not the other's."""
    with lab("other", app=1) as other:
        there = other.host("app-1")

        assert small.host("app-1").address != there.address
        assert 0 != small.host("app-1").ssh(f"ping -c1 -W1 {there.address}").returncode

    assert {HostState.RUNNING} == {host.state() for host in small.hosts()}


def test_a_lab_whose_network_is_gone_is_mended_by_up(lab: ShortLived) -> None:
    """As after this machine was restarted: the disks are there, nothing else is."""
    with lab("mend", app=1) as made:
        host = made.host("app-1")
        out(host, "echo kept > /etc/marker")
        host.power_cut()
        for namespace in Path("/run/netns").glob(f"slackwater-{made.name}.*"):
            subprocess.run(["ip", "netns", "del", namespace.name], check=True)

        made.up()

        assert "kept" == out(host, "cat /etc/marker")


def test_the_inventory_is_what_pyinfra_connects_with(small: Lab) -> None:
    """Key and known host keys are the lab's, and the agent's keys stay out of it."""
    found = groups(small.name)
    name, data = found["app"][0]

    assert ["app-1", "10.77"] == [name, data["ssh_hostname"][:5]]
    assert [2, 1, 0] == [len(found[group]) for group in ("app", "balancer", "worker")]
    assert [True, True] == [Path(data[key]).is_file() for key in ("ssh_key", "ssh_known_hosts_file")]


def test_a_lab_that_is_not_there_names_the_command_that_makes_it() -> None:
    """In the inventory as in every verb."""
    with pytest.raises(LabError, match="`slackwater lab up --name"):
        groups(f"{RUN}-nobody")


def test_the_status_is_there_for_programs(small: Lab) -> None:
    """Name, URL through the balancer, and each host's state."""
    seen = json.loads(slackwater("lab", "status", "--json", "--name", small.name).stdout)

    assert [f"http://{small.host('balancer-1').address}/", None] == [seen["url"], seen["https_url"]]
    assert [("app-1", "app", "bookworm", "running"), ("app-2", "app", "trixie", "running")] == [
        (host["name"], host["group"], host["suite"], host["state"]) for host in seen["hosts"][:2]
    ]


def test_ssh_passes_input_output_and_status_through(small: Lab) -> None:
    """As if one sat there: words are joined by spaces and read by the remote shell."""
    done = slackwater(
        "lab", "ssh", "app-1", "--name", small.name, "--", "cat;", "echo", "err", ">&2;", "exit", "7", input="in"
    )

    assert (7, "in", "err\n") == (done.returncode, done.stdout, done.stderr)


def test_logs_show_the_journal_and_without_power_the_console(small: Lab, app: LabHost) -> None:
    """A host that does not boot says why on its console."""
    out(app, "logger marked-line")

    journal = slackwater("lab", "logs", "app-1", "--name", small.name)
    app.power_cut()
    console = slackwater("lab", "logs", "app-1", "--name", small.name)

    assert "marked-line" in journal.stdout
    assert ("OpenBSD Secure Shell server" in console.stdout, "app-1 is off" in console.stderr) == (True, True)


def remains(name: str, number: int | None) -> list[str]:
    """What the kernel still has of a lab, asked without any of the lab's own code."""
    group, directory = f"/slackwater-lab-{name}", str(PLACES.labs / name)
    left = [f"process {pid}" for pid in processes(lambda text: group in text or directory in text)]
    left += [str(path) for path in Path("/sys/fs/cgroup").glob(f"*{group}")]
    left += [str(path) for path in Path("/run/netns").glob(f"slackwater-{name}.*")]
    left += [
        line for line in Path("/proc/mounts").read_text().splitlines() if f"/{name}/" in line or f"-{name}." in line
    ]
    left += [directory] if Path(directory).exists() else []
    links = [f"slackwater{number}"] if number not in {None, *numbers()} else []
    return left + [link for link in links if Path(f"/sys/class/net/{link}").exists()]


def processes(match: Callable[[str], bool]) -> Iterator[int]:
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            text = (entry / "cgroup").read_text() + (entry / "cmdline").read_text().replace("\0", " ")
            dead = (entry / "stat").read_text().rpartition(")")[2].split()[0] == "Z"
        except OSError:
            continue  # it ended while we looked
        if not dead and int(entry.name) != os.getpid() and match(text):
            yield int(entry.name)


def numbers() -> Iterator[int]:
    """Those of all labs: where one is gone, a test beside this one may have taken its number at once."""
    for directory in PLACES.labs.glob("[a-z]*"):
        if (number := number_of(directory.name)) is not None:
            yield number


def number_of(name: str) -> int | None:
    try:
        return json.loads((PLACES.labs / name / "state.json").read_text())["number"]
    except FileNotFoundError:
        return None


BUILD_LIMIT = 180
"""Seconds until an image has its first directories: packages come from a mirror, and other tests use the processors."""


def wait_for(condition: Callable[[], bool], limit: float = 20) -> None:
    deadline = time.monotonic() + limit
    while not condition():
        assert time.monotonic() < deadline, "it did not come to pass"
        time.sleep(0.1)


def test_down_leaves_nothing_and_can_be_said_twice(lab: ShortLived) -> None:
    """Process, cgroup, namespace, mount, interface, directory: all gone, also with a host that is off."""
    with lab("gone", app=2, disk_of={"app-1": "300M"}) as made:
        number = number_of(made.name)
        made.host("app-2").power_cut()
        done = [slackwater("lab", "down", "--name", made.name) for _ in range(2)]

    assert [0, 0] == [each.returncode for each in done]
    assert ["removed", "nothing to do"] == [each.stderr.strip().rpartition(": ")[2] for each in done]
    assert [] == remains(made.name, number)


@pytest.mark.parametrize("moment", ["network", "proxy", "2 hosts from", "app-2: power on", "2 hosts to the end"])
def test_down_clears_up_after_a_killed_up(moment: str) -> None:
    """Whatever was begun at that moment is found and removed."""
    name = f"{RUN}-killed"
    command = [sys.executable, "-c", MAIN, "lab", "up", "--name", name, "--app", "2", "--balancer", "0"]
    command += ["--small-disk", "app-2=200M"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as up:
        assert up.stderr
        lines = iter(up.stderr.readline, "")
        assert any(line.startswith(moment) for line in lines), f"up never said {moment!r}"
        up.kill()
    number = number_of(name)

    done = slackwater("lab", "down", "--name", name)

    assert (0, []) == (done.returncode, remains(name, number)), done.stderr


@pytest.mark.parametrize("after", [0.25, 0.35, 0.45, 0.55, 0.65])
def test_down_clears_up_after_an_up_killed_at_any_time(after: float) -> None:
    """Between two lines as well."""
    name = f"{RUN}-anytime"
    with subprocess.Popen([sys.executable, "-c", MAIN, "lab", "up", "--name", name], stderr=subprocess.DEVNULL) as up:
        time.sleep(after)
        up.kill()
    number = number_of(name)

    done = slackwater("lab", "down", "--name", name)

    assert (0, []) == (done.returncode, remains(name, number)), done.stderr


SLOW_IP = """#!/bin/sh
case "$*" in *-batch*) touch {0}/begun; sleep 3; {1} "$@"; touch {0}/ended; exit;; esac
exec {1} "$@"
"""


def test_down_waits_for_what_a_killed_up_left_running(tmp_path: Path) -> None:
    """A busy kernel takes seconds over a network namespace, and whoever asked for it may be dead by then."""
    name = f"{RUN}-orphan"
    (tmp_path / "ip").write_text(SLOW_IP.format(tmp_path, shutil.which("ip")))
    (tmp_path / "ip").chmod(0o755)
    slow = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"}
    command = [sys.executable, "-c", MAIN, "lab", "up", "--name", name]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL, env=slow) as up:
        wait_for((tmp_path / "begun").exists)
        up.kill()
    number = number_of(name)

    done = slackwater("lab", "down", "--name", name)
    wait_for((tmp_path / "ended").exists)

    assert (0, []) == (done.returncode, remains(name, number)), done.stderr


def test_a_killed_image_build_leaves_neither_process_nor_image(tmp_path: Path) -> None:
    """What was half made is never taken for an image."""
    name = f"{RUN}-image"
    places = f"Places(cache=Path({str(tmp_path)!r}))"
    code = "from pathlib import Path; from slackwater.lab import Lab; from slackwater.lab.places import Places; "
    with subprocess.Popen([sys.executable, "-c", f"{code} Lab({name!r}, {places}).up()"]) as up:
        wait_for(lambda: any((tmp_path / "images").glob(".bookworm-*/usr")), BUILD_LIMIT)
        up.kill()
    number = number_of(name)

    Lab(name, Places(cache=tmp_path)).down()

    wait_for(lambda: not list(processes(lambda text: str(tmp_path) in text)))
    assert [] == list((tmp_path / "images").glob("[!.]*")) + list((tmp_path / "images").glob(".b*"))
    assert [] == remains(name, number)
