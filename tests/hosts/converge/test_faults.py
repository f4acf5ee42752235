"""One host that is unreachable, broken or of another system: the others go on, and the message says where and what."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
import requests

from slackwater.engine import LOGROTATE_DEBUG, NGINX_TEST, SYSTEMD_VERIFY, File, scripts
from slackwater.lab import Lab
from tests.hosts.converge.running import BIN, HOUSE, converge, environment, live_slot, out, settle, url

SITE = "/etc/nginx/slackwater.d/app.conf"


@pytest.fixture
def mended(serving: Lab) -> Iterator[Lab]:
    """The serving fleet, put right again whatever the test did to it."""
    yield serving
    serving.host("app-2").network("on")
    settle(serving)


def test_an_unreachable_host_does_not_stop_the_others(mended: Lab) -> None:
    """The rest converges, the exit status says no, the message names the host and what to type next."""
    mended.host("app-2").network("off")
    out(mended.host("app-1"), f"rm {SITE}")
    outcome = converge(mended)

    assert 1 == outcome.status
    assert {"app-2"} <= outcome.failed | {word for word in outcome.said.split() if word.startswith("app-2")}
    assert {"app-1"} == outcome.changed["nginx | configuration"]
    assert "app-2: no connection" in outcome.said
    assert "--limit app-2" in outcome.said


def test_a_broken_host_is_named_with_role_and_command(mended: Lab) -> None:
    """nginx refuses the new file because of another one: its words are shown, what was there stays."""
    broken = mended.host("app-2")
    out(broken, "echo 'nonsense on;' > /etc/nginx/modules-enabled/99-broken.conf")
    out(broken, f"echo '# edited' >> {SITE}")
    out(mended.host("app-1"), f"rm {SITE}")
    outcome = converge(mended)
    kept = out(broken, f"tail -n 1 {SITE}")
    left = out(broken, f"ls {Path(SITE).parent}; ls -d /run/slackwater-stage.* 2>/dev/null || true")
    out(broken, "rm /etc/nginx/modules-enabled/99-broken.conf")

    assert (1, {"app-2"}) == (outcome.status, outcome.failed)
    assert {"app-1"} == outcome.changed["nginx | configuration"]
    assert "app-2: role nginx, step “configuration” failed" in outcome.said
    assert f"command: write {SITE}" in outcome.said
    assert 'unknown directive "nonsense"' in outcome.said
    assert "# edited" == kept
    assert "app.conf" == left


def test_settings_that_do_not_start_are_never_switched_to(mended: Lab, told: Callable[..., Path]) -> None:
    """The old slot serves on, the journal's last lines are in the message, nothing of the new one runs."""
    machine = mended.host("app-1")
    before = live_slot(machine)
    wrong = told(app=BROKEN_APP)
    outcome = converge(mended, "--limit", "app-1", group_data=wrong)
    running = out(machine, "systemctl list-units --plain --no-legend 'slackwater-shop@*.service'")

    assert 1 == outcome.status
    assert "app-1: role app, step “switch” failed" in outcome.said
    assert "404 Not Found" in outcome.said, outcome.said
    assert "GET /not-there 404" in outcome.said, outcome.said
    assert before == live_slot(machine)
    assert [before] == [line.split()[0].split("@")[1].removesuffix(".service") for line in running.splitlines()]


BROKEN_APP = """
import runpy
app = runpy.run_path("group_data/app.py")["app"].model_copy(
    update={"health": Health(live="/health", ready="/not-there", start_deadline=6)}
)
"""


UNIT = "/etc/systemd/system/proof.service"


@pytest.mark.parametrize(
    ("path", "good", "bad", "check"),
    [
        (UNIT, "[Service]\nExecStart=/bin/true\n", "[Service]\nExecStart=no path\n", SYSTEMD_VERIFY),
        ("/etc/logrotate.d/proof", "/var/log/x {\nmissingok\n}\n", "/var/log/x {\nmissingko\n}\n", LOGROTATE_DEBUG),
        ("/etc/nginx/slackwater.d/proof.conf", "# nothing\n", "nonsense on;\n", NGINX_TEST),
    ],
    ids=["systemd", "logrotate", "nginx"],
)  # fmt: skip
def test_a_bad_render_never_replaces_a_good_file(serving: Lab, path: str, good: str, bad: str, check: str) -> None:
    """Each program, on a real host: the good file goes in, the bad one leaves it as it was."""
    machine = serving.host("app-2")
    done = []
    for text in (good, bad):
        file = File(path, text)
        done.append(machine.ssh(scripts.install([file], check), input=scripts.archive([file])))
    kept = out(machine, f"cat {path}; rm {path}; ls -d /run/slackwater-stage.* 2>/dev/null || true")

    assert 0 == done[0].returncode, done[0].stderr
    assert 0 != done[1].returncode
    assert "" != done[1].stderr
    assert good.strip() == kept


def test_a_port_that_is_taken_is_no_success(mended: Lab, told: Callable[..., Path]) -> None:
    """`nginx -t` and the reload succeed all the same; the host is asked who listens."""
    machine = mended.host("app-1")
    out(machine, "systemd-run -q --unit=squatter python3 -m http.server --directory /var/empty 9000")
    moved = told(app="import runpy\napp = runpy.run_path('group_data/app.py')['app'].model_copy(update={'port': 9000})")
    outcome = converge(mended, "--limit", "app-1", group_data=moved)
    out(machine, "systemctl stop squatter")

    assert 1 == outcome.status
    assert "nginx does not listen on port 9000" in outcome.said
    assert "python3" in outcome.said
    assert "bind() to 0.0.0.0:9000 failed" in outcome.said


def await_not_ready(place: str) -> None:
    """The app remembers its dependency's last answer for ten seconds."""
    deadline = time.monotonic() + 40
    while requests.get(f"{place}/health/ready", timeout=20).status_code != 503:
        assert time.monotonic() < deadline, "the app still calls itself ready"
        time.sleep(1)


def test_a_dependency_that_is_down_does_not_keep_the_live_slot_down(mended: Lab, told: Callable[..., Path]) -> None:
    """Its link is put right before its ready path is asked; the converge says that it is not ready."""
    machine = mended.host("app-1")
    dependency = "systemd-run -q --unit=dependency python3 -m http.server --bind 127.0.0.1 --directory /var/empty 5432"
    out(machine, f"mkdir -p /var/empty; {dependency}")
    health = "'health': Health(ready='/health/ready', start_deadline=12), 'server': Server(workers=1)"
    change = f"{{'environment': {{'DEPENDENCY': '127.0.0.1:5432'}}, {health}}}"
    wanting = told(app=f"import runpy\napp = runpy.run_path('group_data/app.py')['app'].model_copy(update={change})")
    settle(mended, "--limit", "app-1", group_data=wanting)
    out(machine, "systemctl stop dependency")
    await_not_ready(url(mended, "app-1", 8000))
    out(machine, "rm /run/slackwater/shop/current.sock")
    outcome = converge(mended, "--limit", "app-1", group_data=wanting)

    assert 1 == outcome.status
    assert "is live and not ready" in outcome.said
    assert "ok" in out(machine, "curl -fsS http://localhost:8000/health")


def test_another_system_is_refused_with_a_sentence(passing: Callable[..., Lab]) -> None:
    """Nothing is installed on it; the others of the run converge."""
    lab = passing("other", app=1)
    machine = lab.host("app-1")
    out(machine, "sed -i -e s/^ID=.*/ID=ubuntu/ -e 's/^VERSION_ID=.*/VERSION_ID=22.04/' /usr/lib/os-release")
    outcome = converge(lab)

    assert 1 == outcome.status
    assert "app-1 is ubuntu 22.04; Slackwater supports Debian 12, Debian 13 and Ubuntu 24.04" in outcome.said
    assert {} == outcome.changed
    assert 0 != machine.ssh("command -v nginx").returncode


def test_bad_settings_touch_no_host(serving: Lab, told: Callable[..., Path]) -> None:
    """All faults at once, before anybody is connected to."""
    logins = "journalctl -u ssh -o cat | grep -c 'session opened' || true"
    bad = told(app="server = Server(workers=-1, threads=0)", balancer="balancer = Balancer(port=8081)")
    before = out(serving.host("app-1"), logins)
    outcome = converge(serving, group_data=bad)
    after = out(serving.host("app-1"), logins)

    assert 0 != outcome.status
    assert "server.workers = -1: must be" in outcome.said
    assert "server.threads = 0: must be" in outcome.said
    assert "balancer.port = 8081: must be" in outcome.said
    assert "no host was touched" in outcome.said
    assert int(before) + 1 == int(after), "only the two questions of this test itself"


def test_an_archive_with_another_sha256_is_no_release(serving: Lab, told: Callable[..., Path], tmp_path: Path) -> None:
    """It is fetched and found wrong; one sentence, no traceback, nothing in the store."""
    (tmp_path / "shop.tar.gz").write_bytes(b"not what was asked for")
    handler = partial(SimpleHTTPRequestHandler, directory=str(tmp_path))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        Thread(target=server.serve_forever).start()
        source = f"Source.archive('http://127.0.0.1:{server.server_port}/shop.tar.gz', sha256='{'0' * 64}')"
        wrong = told(app=f"app = App(name='shop', entrypoint='shop.main:app', source={source})")
        words = ["release", "build", "inventories/local.py", "--group-data", str(wrong), "--id", "wrong"]
        done = subprocess.run(
            [BIN / "slackwater", *words],
            cwd=HOUSE,
            env=environment(serving),
            capture_output=True,
            text=True,
            check=False,
        )
        server.shutdown()

    assert 1 == done.returncode
    assert "0" * 64 in done.stderr
    assert "nothing was unpacked" in done.stderr
    assert "Traceback" not in done.stderr
    assert [] == list((HOUSE / ".slackwater/store/shop").glob("wrong*"))
