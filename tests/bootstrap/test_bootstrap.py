"""A new instance comes into service by itself, or says why not; it never hangs and never serves what was not proved."""

from __future__ import annotations

import json
import signal
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from slackwater.lab.cloud import cloud
from slackwater.lab.metadata import Instance, Role, Service
from tests.bootstrap.machine import BUCKET, Machine, first

HASTY = 15
"""Seconds of a hook's timeout: AWS takes no less than 30, for which no test need wait."""
TOLD = ("autoscaling", "CompleteLifecycleAction")
FAILS_TWICE = """
import pathlib, sys
count = pathlib.Path("count")
count.write_text(str(int(count.read_text() if count.exists() else 0) + 1))
sys.exit(int(count.read_text()) < 3)
"""


def test_an_instance_arrives(machine: Machine) -> None:
    """Heartbeats from the first moment; at the end the group is told once, and a report is there."""
    done = machine.boot()
    report = machine.report()

    assert 0 == done.returncode, done.stdout
    assert ["CONTINUE"] == machine.told_the_group()
    assert machine.heartbeats() >= 1
    assert ("CONTINUE", "", machine.me.id) == (report["result"], report["reason"], report["instance"])
    assert ["bundle", "environment", "converge", "proof"] == list(report["seconds"])
    assert "converged" in report["log"]


def test_an_instance_that_arrived_does_nothing_at_its_next_boot(machine: Machine) -> None:
    """A reboot in service is none of the group's business."""
    machine.boot()
    calls = len(machine.sky.calls)
    again = machine.boot()

    assert (0, "") == (again.returncode, again.stdout)
    assert calls == len(machine.sky.calls)


def test_an_image_of_an_arrived_instance_arrives_itself(machine: Machine, me: Instance) -> None:
    """Its disk says that another instance arrived."""
    machine.boot()
    (machine.root / "var/lib/slackwater/arrived").write_text("i-of-whom-the-image-was-made")
    again = machine.boot()

    assert 0 == again.returncode
    assert "converged" in again.stdout


def test_a_tampered_bundle_is_not_run(machine: Machine) -> None:
    """Its sum is not the one of the launch template; nothing of it is even unpacked."""
    machine.script = "import pathlib; pathlib.Path(sys.argv[0], 'was-run').touch()"
    machine.write()
    packed = machine.sky.client("s3").get_object(Bucket=BUCKET, Key="fleet/bundle.tar.gz")["Body"].read()
    machine.sky.client("s3").put_object(Bucket=BUCKET, Key="fleet/bundle.tar.gz", Body=packed + b"\0")
    done = machine.boot()

    assert 1 == done.returncode
    assert ["ABANDON"] == machine.told_the_group()
    assert "nothing of it was run" in machine.report()["reason"]
    assert [] == list((machine.root / "opt/slackwater/self").iterdir())


def test_a_converge_that_fails_is_given_up_with_its_last_lines(machine: Machine) -> None:
    """The operator reads them when the instance is gone."""
    machine.script = "import sys; print('role nginx: no space left'); sys.exit(1)"
    done = machine.boot()
    report = machine.report()

    assert 1 == done.returncode
    assert ["ABANDON"] == machine.told_the_group()
    assert ("converge", "pyinfra ended with status 1, tried 3 times") == (report["step"], report["reason"])
    assert "role nginx: no space left" in report["log"]


def test_the_reason_is_on_the_console_too(machine: Machine) -> None:
    """Who may not even read its role's credentials can write to no store."""
    machine.write(bundle={"url": "s3://tides/fleet/none.tar.gz", "sha256": "0" * 64})
    (machine.root / "dev").mkdir()
    machine.boot()

    said = (machine.root / "dev/console").read_text()
    assert "slackwater-bootstrap: gave up at bundle: s3 " in said
    assert "404 NoSuchKey" in said


def test_heartbeats_that_fail_are_on_the_console_at_once(machine: Machine) -> None:
    """The group ends the instance at the hook's timeout, long before it gives up itself."""
    machine.heartbeat = 3
    machine.service.broken["/latest/meta-data/iam/security-credentials/"] = 404
    console = machine.root / "dev/console"
    console.parent.mkdir(parents=True)
    console.touch()
    running = machine.start()
    try:
        said = first(lambda: console.read_text().splitlines())
    finally:
        running.kill()
        running.communicate()

    assert "slackwater-bootstrap: no heartbeat: autoscaling /: the instance has no role" in said


def test_what_nobody_thought_of_is_told_too(machine: Machine) -> None:
    """Whoever says nothing keeps the group waiting, and nobody learns why."""
    machine.write(bundle={"url": "s3://tides/fleet/bundle.tar.gz"})
    done = machine.boot()

    assert 1 == done.returncode
    assert ["ABANDON"] == machine.told_the_group()
    assert "KeyError: 'sha256'" == machine.report()["reason"]


def test_what_fails_twice_may_pass(machine: Machine) -> None:
    """A mirror that was slow, a network that was lost."""
    machine.script = FAILS_TWICE

    assert 0 == machine.boot().returncode
    assert ["CONTINUE"] == machine.told_the_group()


def test_a_converge_that_hangs_ends_at_the_deadline(machine: Machine) -> None:
    """With all that it started: nothing of it goes on in the background."""
    machine.script = "import subprocess; subprocess.run(['sleep', '987654'])"
    machine.deadline = 15
    done = machine.boot()

    assert 1 == done.returncode
    assert ["ABANDON"] == machine.told_the_group()
    assert "at the deadline" in machine.report()["reason"]
    assert [] == [each for each in Path("/proc").glob("[0-9]*/cmdline") if b"987654" in _read(each)]


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""


def test_a_boot_that_outlasts_the_hooks_timeout_comes_into_service(
    tmp_path: Path, service: Service, me: Instance
) -> None:
    """Heartbeats a third of it apart keep the group waiting; without them it would have ended the instance."""
    with cloud(tmp_path / "cloud", lifecycle=True, shortest_heartbeat=HASTY) as sky:
        machine = Machine.begin(tmp_path / "disk", sky, service, me, heartbeat=HASTY)
        machine.script = f"import time; time.sleep({HASTY + 3})"
        done = machine.boot()

        assert 0 == done.returncode, done.stdout
        assert machine.report()["seconds"]["converge"] > HASTY
        assert machine.heartbeats() >= 2
        assert (["CONTINUE"], "InService") == (machine.told_the_group(), machine.state())


def test_a_reboot_in_the_middle_goes_on_under_the_same_deadline(machine: Machine) -> None:
    """Otherwise an instance that reboots for ever would never be given up."""
    machine.script = "import time; time.sleep(500)"
    machine.write(deadline=60)
    note = machine.root / "var/lib/slackwater/bootstrap.json"
    note.parent.mkdir(parents=True)
    note.write_text(json.dumps({"instance": machine.me.id, "began": time.time() - 55}))
    done = machine.boot()

    assert 1 == done.returncode
    assert ["ABANDON"] == machine.told_the_group()


def test_one_that_starts_again_after_its_deadline_is_given_up(machine: Machine) -> None:
    """It has had its time: with a new deadline at each reboot it would never be replaced."""
    machine.write(deadline=60)
    note = machine.root / "var/lib/slackwater/bootstrap.json"
    note.parent.mkdir(parents=True)
    note.write_text(json.dumps({"instance": machine.me.id, "began": time.time() - 61}))
    done = machine.boot()

    assert 1 == done.returncode
    assert ["ABANDON"] == machine.told_the_group()
    assert "converge" not in done.stdout


@pytest.mark.parametrize("text", ["", "[]", "{}", "{"])
def test_a_note_that_makes_no_sense_is_none(machine: Machine, text: str) -> None:
    """A power cut while it was written."""
    note = machine.root / "var/lib/slackwater/bootstrap.json"
    note.parent.mkdir(parents=True)
    note.write_text(text)

    assert 0 == machine.boot().returncode


def test_one_that_was_killed_goes_on_where_it_was(machine: Machine) -> None:
    """systemd starts it again; the bundle is not fetched twice."""
    machine.script = (
        "import pathlib, time; seen = pathlib.Path('seen'); seen.exists() or seen.touch() or time.sleep(500)"
    )
    process = machine.start()
    seen = machine.root / "opt/slackwater/self"
    deadline = time.monotonic() + 60
    while not list(seen.glob("bundle-*/seen")):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    done = machine.boot()

    assert 0 == done.returncode, done.stdout
    assert 1 == machine.sky.calls.count(("s3", "GetObject"))


def test_a_throttled_cloud_is_no_end(machine: Machine) -> None:
    """Every first call fails, of each kind."""
    machine.write()
    machine.sky.fail("s3", "GetObject", "SlowDown", status=503, times=2)
    machine.sky.fail("s3", "PutObject", None)
    machine.sky.fail("autoscaling", "RecordLifecycleActionHeartbeat", "Throttling", times=2)
    machine.sky.fail("autoscaling", "CompleteLifecycleAction", "Throttling", times=2)

    assert 0 == machine.boot().returncode
    assert "CONTINUE" == machine.told_the_group()[-1]


def test_an_answer_that_was_lost_was_heard_all_the_same(machine: Machine) -> None:
    """The second attempt is refused, for the group waits no more; that is no failure."""
    machine.sky.fail("autoscaling", "CompleteLifecycleAction", "InternalFailure", after=True, status=500)
    done = machine.boot()

    assert 0 == done.returncode, done.stdout
    assert "CONTINUE" == machine.told_the_group()[0]


def test_a_wait_that_has_not_begun_is_waited_for(machine: Machine) -> None:
    """The instance may be quicker than its group."""
    machine.sky.fail("autoscaling", "CompleteLifecycleAction", "ValidationError", times=2)

    assert 0 == machine.boot().returncode
    assert ["CONTINUE"] == machine.told_the_group()[-1:]


def test_a_store_that_takes_no_report_keeps_nobody_out(machine: Machine) -> None:
    """The report is for people; the group needs its answer."""
    machine.write()
    uploads = len(machine.sky.calls)
    machine.sky.fail("s3", "PutObject", "AccessDenied", status=403, times=50)
    done = machine.boot()
    calls = machine.sky.calls[uploads:]

    assert 0 == done.returncode
    assert "no report: " in done.stdout
    assert ["CONTINUE"] == machine.told_the_group()
    assert calls.index(TOLD) < calls.index(("s3", "PutObject"))


def test_a_report_has_little_time_of_its_own(machine: Machine) -> None:
    """Before an ABANDON it comes first, for the group ends the instance; the next one must not wait for it."""
    machine.script = "import sys; sys.exit(1)"
    machine.deadline = 10
    machine.write()
    uploads = len(machine.sky.calls)
    machine.sky.fail("s3", "PutObject", "AccessDenied", status=403, times=50)
    machine.boot()
    before = machine.sky.calls[uploads : machine.sky.calls.index(TOLD)]

    assert ["ABANDON"] == machine.told_the_group()
    assert 1 <= before.count(("s3", "PutObject")) <= 5


class Moody(Role):
    """Its credentials are no document until it was looked at some times."""

    looks = 0

    def document(self) -> str:
        type(self).looks += 1
        return "<html>" if self.looks < 12 else super().document()


def test_heartbeats_survive_metadata_that_make_no_sense(machine: Machine, me: Instance) -> None:
    """A thread that died of them would be silence, and silence ends the instance."""
    me.role = Moody()
    machine.script = "import time; time.sleep(12)"
    done = machine.boot()

    assert 0 == done.returncode, done.stdout
    assert machine.heartbeats() >= 1
    assert "Traceback" not in done.stdout


def test_one_that_goes_into_a_warm_pool_arrives_once_more(machine: Machine, me: Instance) -> None:
    """It is stopped and started later, with another release proved perhaps."""
    me.target = "Warmed:Stopped"
    first = machine.boot()
    me.target = "InService"
    second = machine.boot()

    assert (0, 0) == (first.returncode, second.returncode)
    assert "converged" in second.stdout


def test_without_a_hook_nobody_is_told(machine: Machine) -> None:
    """A group without hooks, or a machine without a group."""
    machine.write(launch_hook=None)

    assert 0 == machine.boot().returncode
    assert [] == machine.sky.lifecycle_calls


def test_the_wheelhouse_is_all_that_pip_has(machine: Machine) -> None:
    """Also for the pip that a role runs."""
    machine.script = "import os; print('index', os.environ['PIP_NO_INDEX'], os.environ['PIP_FIND_LINKS'])"
    done = machine.boot()

    assert "index 1 " in done.stdout
    assert "wheelhouse" in done.stdout


class Nginx(BaseHTTPRequestHandler):
    """Ready once it has been asked as often as `after` says."""

    after, asked = 0, 0

    def do_GET(self) -> None:
        type(self).asked += 1
        ready = self.path == "/.slackwater/ready" and self.asked > self.after
        self.send_response(200 if ready else 503)
        self.end_headers()
        self.wfile.write(b"" if ready else b"still starting")

    def log_message(self, *args: object) -> None:
        """Nothing."""


@pytest.fixture
def nginx() -> Iterator[type[Nginx]]:
    class Own(Nginx):
        port = 0

    server = ThreadingHTTPServer(("127.0.0.1", 0), Own)
    Own.port = server.server_port
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield Own
    server.shutdown()
    server.server_close()


SLOTS = """#!{python}
import json, pathlib
print(json.dumps({{"release": pathlib.Path({live!r}).read_text(), "work": []}}))
"""


WORKS = """#!{python}
import json, pathlib
count = pathlib.Path({count!r})
count.write_text(count.read_text() + "x" if count.exists() else "x")
print(json.dumps({{"release": "r1", "work": ["its socket is gone"] if len(count.read_text()) <= {often} else []}}))
"""


@pytest.fixture
def host(machine: Machine, nginx: type[Nginx], tmp_path: Path) -> Path:
    """The file that says which release is live; the host's own command reads it. Release `r1` is proved."""
    live, command = tmp_path / "live", tmp_path / "bin/slackwater-slots"
    command.parent.mkdir()
    command.write_text(SLOTS.format(python=sys.executable, live=str(live)))
    command.chmod(0o755)
    live.write_text("r1")
    machine.app = {"name": "shop", "port": nginx.port, "tls": False}
    prove(machine, "r1")
    return live


def prove(machine: Machine, release: str) -> None:
    value = json.dumps({"release": release})
    machine.sky.client("ssm").put_parameter(
        Name="/slackwater/shop/production/proved", Value=value, Type="String", Overwrite=True
    )


def boot(machine: Machine, host: Path) -> object:
    return machine.boot(PATH=f"{host.parent / 'bin'}:/usr/bin:/bin")


def test_it_is_in_service_when_its_own_nginx_says_ready(machine: Machine, host: Path, nginx: type[Nginx]) -> None:
    """Several times in a row; what it serves stands in the report."""
    nginx.after = 2
    done = boot(machine, host)

    assert 0 == done.returncode, done.stdout
    assert nginx.asked >= 5
    assert "r1" == machine.report()["release"]


def test_one_that_is_never_ready_is_given_up(machine: Machine, host: Path, nginx: type[Nginx]) -> None:
    """Its reason is what nginx answered last."""
    nginx.after, machine.deadline = 10**9, 40
    done = boot(machine, host)

    assert 1 == done.returncode
    assert ["ABANDON"] == machine.told_the_group()
    assert ("proof", True) == (machine.report()["step"], "503 still starting" in machine.report()["reason"])


def test_a_release_that_was_proved_meanwhile_is_brought_too(machine: Machine, host: Path) -> None:
    """A rollout that ended while the instance booted: the instance must not bring the former release into service."""
    machine.script = f"""
import pathlib
rounds = pathlib.Path("rounds")
rounds.write_text(rounds.read_text() + "x" if rounds.exists() else "x")
pathlib.Path({str(host)!r}).write_text("r1" if rounds.read_text() == "x" else "r2")
"""
    prove(machine, "r2")
    done = boot(machine, host)

    assert 0 == done.returncode, done.stdout
    assert "it serves r1, and r2 is proved: once more" in done.stdout
    assert "r2" == machine.report()["release"]


def test_a_release_that_was_proved_before_the_group_took_the_word_is_brought_too(machine: Machine, host: Path) -> None:
    """Its group was slow to listen: in between a rollout ended, which knows nothing of this instance."""
    machine.script = f"""
import pathlib
rounds = pathlib.Path("rounds")
rounds.write_text(rounds.read_text() + "x" if rounds.exists() else "x")
pathlib.Path({str(host)!r}).write_text("r1" if rounds.read_text() == "x" else "r2")
"""
    machine.write()
    machine.sky.fail("autoscaling", "CompleteLifecycleAction", "ValidationError", times=3)
    process = machine.start(PATH=f"{host.parent / 'bin'}:/usr/bin:/bin")
    deadline = time.monotonic() + 60
    while TOLD not in machine.sky.calls:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    prove(machine, "r2")
    said, _ = process.communicate(timeout=60)

    assert 0 == process.returncode, said
    assert "it serves r1, and r2 is proved: once more" in said
    assert "r2" == machine.report()["release"]


def test_work_that_ends_by_itself_is_waited_for(machine: Machine, host: Path) -> None:
    """The app is being restarted, say, when the host is asked what there is to do."""
    command = host.parent / "bin/slackwater-slots"
    command.write_text(WORKS.format(python=sys.executable, count=str(host.parent / "asked"), often=2))
    done = boot(machine, host)

    assert 0 == done.returncode, done.stdout
    assert ["CONTINUE"] == machine.told_the_group()


def test_work_that_stays_is_no_proof(machine: Machine, host: Path) -> None:
    """What it is stands in the reason."""
    command = host.parent / "bin/slackwater-slots"
    command.write_text(WORKS.format(python=sys.executable, count=str(host.parent / "asked"), often=10**6))
    done = boot(machine, host)

    assert 1 == done.returncode
    assert "there is work left: its socket is gone" == machine.report()["reason"]


def test_one_that_serves_another_release_is_given_up(machine: Machine, host: Path) -> None:
    """Whatever it answers."""
    host.write_text("r0")
    done = boot(machine, host)

    assert 1 == done.returncode
    assert "it serves r0, and r1 is proved" == machine.report()["reason"]


def test_no_secret_is_in_the_report(machine: Machine, me: Instance) -> None:
    """Neither the role's credentials nor what stands in the log by mistake."""
    me.role = Role(access_key="ASIASECRET", secret_key="verysecretkey", token="verysecrettoken")
    machine.script = "print('cannot reach postgres://shop:hunter2@db/shop')"
    machine.boot()
    text = json.dumps(machine.report())

    assert "postgres://***@db/shop" in text
    assert [] == [word for word in ("hunter2", "ASIASECRET", "verysecret") if word in text]
