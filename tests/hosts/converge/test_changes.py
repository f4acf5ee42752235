"""Changes while people use the app: other settings, another name, another app, another user to log in as."""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import requests

from slackwater.lab import Lab, load
from tests.hosts.converge.running import converge, live_slot, out, run, served, settle, url
from tests.hosts.counting import preferred

EVERYTHING = "find /etc /srv /usr /opt /var/lib/slackwater /var/lib/dpkg -printf '%p %y %m %u %s\\n' 2>/dev/null | sort"
HTTPBIN = """
app = App(
    name="httpbin",
    interface="wsgi",
    entrypoint="httpbin:app",
    source=Source.requirement("httpbin==0.10.4"),
    health=Health(live="/status/200", ready="/status/200"),
)
"""


def test_changed_settings_are_a_new_slot_and_no_request_is_lost(serving: Lab, told: Callable[..., Path]) -> None:
    """Worker count and environment change under load, half of it POST; nginx is not even reloaded."""
    machine = serving.host("app-1")
    # Kept connections to hosts that other tests cut from power are not what this one is about.
    out(serving.host("balancer-1"), "systemctl restart nginx")
    nginx = "systemctl show -p StateChangeTimestamp nginx"
    before, nginx_before = live_slot(machine), out(machine, nginx)
    traffic = load.Load(url(serving), rate=100, seconds=25)
    patient = f"{url(serving)}/slow?ms=35000"
    with preferred(serving), ThreadPoolExecutor() as pool:
        result = pool.submit(load.run, traffic)
        slow = [pool.submit(requests.post, patient, json={}, timeout=90) for _ in range(4)]
        changed = settle(serving, group_data=told(app="server = Server(workers=3)"))
        back = settle(serving)
        counted = result.result()
        answered = [answer.result().status_code for answer in slow]

    assert {"app | slot and boot unit": {"app-1", "app-2"}, "app | switch": {"app-1", "app-2"}} == changed.changed
    assert changed.changed == back.changed
    assert before == live_slot(machine)
    assert nginx_before == out(machine, nginx)
    assert (2500, 0) == (sum(counted.sent.values()), sum(counted.lost.values())), counted.summary()
    assert [200] * 4 == answered, "a request longer than graceful_timeout was cut by the switch"


def test_environment_and_secrets_reach_the_app(serving: Lab, told: Callable[..., Path], tmp_path: Path) -> None:
    """The value of an .env file beats the settings'; a secret is in no process list, log or readable file."""
    (tmp_path / "hosts.env").write_text('GREETING="It costs $5 \\"today\\""\n')
    (tmp_path / "key").write_text("hunter2-top-secret")
    secrets = f'app = app.model_copy(update={{"secrets": {{"API_KEY": Secret.file("{tmp_path}/key")}}}})'
    more = told(
        app=f"import runpy\napp = runpy.run_path('group_data/app.py')['app']\n{secrets}",
        all=f'env_file = "{tmp_path}/hosts.env"',
    )
    try:
        outcome = settle(serving, group_data=more)
        greeting = requests.get(url(serving) + "/", timeout=20).json()["greeting"]
        machine = serving.host("app-1")
        process = out(machine, f"systemctl show -P MainPID slackwater-shop@{live_slot(machine)}.service")
        readable = machine.ssh("runuser -u nobody -- grep -rls hunter2 /etc/slackwater /srv/slackwater /run/slackwater")
        shown = out(machine, "systemctl show 'slackwater-shop@*'; ps axeww; journalctl --no-pager -o cat")
        held = out(machine, f"cat /proc/{process}/root/run/credentials/*/API_KEY")
    finally:
        settle(serving)

    assert 'It costs $5 "today"' == greeting
    assert "hunter2-top-secret" == held
    assert "" == readable.stdout
    assert "hunter2" not in shown
    assert "hunter2" not in outcome.said


def test_static_files_may_be_declared_later(passing: Callable[..., Lab], told: Callable[..., Path]) -> None:
    """The release is there already; only then its folder is opened to nginx, and a changed file has another ETag."""
    lab = passing("sudo", app=1, suite="trixie")
    place, base = url(lab, "app-1", 8000), "import runpy\napp = runpy.run_path('group_data/app.py')['app']"
    settle(lab, group_data=told(app=f"{base}.model_copy(update={{'static': ()}})"))
    without = requests.get(f"{place}/static/tides.txt", timeout=20)
    settle(lab)
    with_it = requests.get(f"{place}/static/tides.txt", timeout=20)
    again = requests.get(f"{place}/static/tides.txt", timeout=20, headers={"If-None-Match": with_it.headers["ETag"]})

    assert [404, 200, 304] == [without.status_code, with_it.status_code, again.status_code]


def test_another_app_under_another_name_takes_the_place(passing: Callable[..., Lab], told: Callable[..., Path]) -> None:
    """A public WSGI app, by settings alone: proved and switched in, then the old one's units, site and sockets go."""
    lab = passing("renamed", app=1, balancer=1)
    settle(lab)
    machine, place = lab.host("app-1"), url(lab)
    httpbin = told(app=HTTPBIN)
    outcome = settle(lab, group_data=httpbin)
    posted = requests.post(f"{place}/post", json={"tide": "slack"}, timeout=20).json()

    assert {"app-1"} == outcome.changed["former apps | retire"]
    assert {"tide": "slack"} == posted["json"]
    assert [418, 200, 503] == [
        requests.get(f"{place}/status/{code}", timeout=20).status_code for code in (418, 200, 503)
    ]
    assert place in requests.get(f"{place}/get", timeout=20).json()["url"]
    assert "" == out(machine, "ls /etc/systemd/system | grep slackwater-shop || true")
    assert "" == out(machine, "systemctl list-units --all --plain --no-legend 'slackwater-shop*'")
    assert "/run/slackwater/httpbin/" == out(machine, "ls -d /run/slackwater/*/")
    assert {} == converge(lab, group_data=httpbin).changed
    machine.reboot()
    assert 200 == served(place, "/get").status_code


def test_an_operator_with_sudo_gets_the_same_host(passing: Callable[..., Lab]) -> None:
    """Cloud images have no root login, hardened ones a strict umask: `admin` with sudo, on Debian 13."""
    lab = passing("sudo", app=1, suite="trixie")
    # As a hardened image has it: what is made in a login is nobody else's.
    out(lab.host("app-1"), "sed -i 's/^UMASK.*/UMASK 027/' /etc/login.defs")
    out(lab.host("app-1"), "echo 'session optional pam_umask.so' >> /etc/pam.d/common-session")
    words = ("--data", "ssh_user=admin", "--data", "_sudo=true")
    settle(lab, *words)

    assert {} == settle(lab, *words).changed
    assert {} == settle(lab).changed
    assert 200 == requests.get(url(lab, "app-1", 8000) + "/", timeout=20).status_code


def test_a_preview_of_a_bare_host_touches_nothing(lab: Callable[..., Any]) -> None:
    """`--dry` on fresh hosts: every operation says whether it would do something, and none does."""
    with lab("preview", app=1, balancer=1) as fresh:
        before = out(fresh.host("app-1"), EVERYTHING)
        done = run(fresh, "--dry")
        after = out(fresh.host("app-1"), EVERYTHING)
    would = {row["name"] for row in json.loads(done.stdout)["plan"] if row["hosts_with_change"]}

    assert 0 == done.returncode, done.stderr
    assert {"base | packages", "app | release", "app | switch", "balancer | configuration"} <= would
    assert before == after
