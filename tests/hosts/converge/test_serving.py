"""The example app over the network, on Debian 12 and Debian 13, from one command."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import os
import re
import socket
import struct
from itertools import takewhile
from typing import Any

import pytest
import requests

from slackwater.lab import Lab, LabHost
from tests.hosts.converge.running import Outcome, converge, live_slot, out, url

TIMEOUT = 20


def get(lab: Lab, path: str, **words: Any) -> requests.Response:
    return requests.get(url(lab) + path, timeout=TIMEOUT, **words)


@pytest.fixture(params=["app-1", "app-2"])
def app(request: pytest.FixtureRequest, serving: Lab) -> LabHost:
    return serving.host(request.param)


def test_the_first_converge_reaches_every_host(first: tuple[Lab, Outcome]) -> None:
    """Every role did something, nobody failed."""
    _, outcome = first

    assert set() == outcome.failed
    assert {"app-1", "app-2", "balancer-1"} == outcome.changed["base | packages"]
    assert {"app-1", "app-2"} == outcome.changed["app | switch"]
    assert {"balancer-1"} == outcome.changed["balancer | configuration"]


def test_a_second_converge_changes_nothing(serving: Lab) -> None:
    """Converge twice, rest once: no operation on any host."""
    outcome = converge(serving)

    assert (0, {}) == (outcome.status, outcome.changed)


def test_both_app_hosts_answer_through_the_balancer(serving: Lab) -> None:
    """The URL is served by Debian 12 and Debian 13 alike."""
    answers = [get(serving, "/").json() for _ in range(20)]

    assert {"app-1", "app-2"} == {answer["instance"] for answer in answers}
    assert 1 == len({answer["release"] for answer in answers})


def test_health_names_instance_release_and_time(serving: Lab, app: LabHost) -> None:
    """Both questions, asked on the VM itself."""
    for path in ("/health", "/health/ready", "/.slackwater/live", "/.slackwater/ready"):
        answer = requests.get(url(serving, app.name, 8000) + path, timeout=TIMEOUT)

        assert (200, app.name) == (answer.status_code, answer.json()["instance"])
        assert {"release", "timestamp"} <= answer.json().keys()
        assert "no-store" in answer.headers["Cache-Control"]


def test_the_gate_answers_draining_while_requests_are_served(serving: Lab, app: LabHost) -> None:
    """Health says 503 `draining`, people are still answered."""
    out(app, "touch /run/slackwater/draining")
    place = url(serving, app.name, 8000)
    try:
        gate = [requests.get(place + path, timeout=TIMEOUT) for path in ("/health", "/.slackwater/live")]
        person = requests.get(place + "/", timeout=TIMEOUT)
    finally:
        out(app, "rm /run/slackwater/draining")

    assert [(503, "draining\n")] * 2 == [(answer.status_code, answer.text) for answer in gate]
    assert 200 == person.status_code


def test_static_files_are_compressed_and_cached_for_ever(serving: Lab) -> None:
    """nginx serves them from the release, the app does not."""
    answer = get(serving, "/static/tides.txt", headers={"Accept-Encoding": "gzip"}, stream=True)
    body = gzip.decompress(answer.raw.read(decode_content=False))

    assert (200, "gzip") == (answer.status_code, answer.headers["Content-Encoding"])
    assert "immutable" in answer.headers["Cache-Control"]
    assert b"tide" in body.lower()


def test_a_client_cannot_say_who_it_is(serving: Lab) -> None:
    """X-Forwarded-For and -Proto of a client are dropped at the balancer; the app sees the real address."""
    forged = {"X-Forwarded-For": "1.2.3.4", "X-Forwarded-Proto": "https", "X-Request-ID": "my-trace-1"}
    answer = get(serving, "/headers", headers=forged)
    seen = answer.json()

    assert "1.2.3.4" not in json.dumps(seen)
    assert "http" == seen["headers"]["x-forwarded-proto"]
    assert "my-trace-1" == seen["headers"]["x-request-id"] == answer.headers["X-Request-ID"]


def test_answers_carry_the_security_headers(serving: Lab) -> None:
    """And do not say which nginx it is."""
    headers = get(serving, "/").headers

    assert ("nosniff", "DENY", "nginx") == (
        headers["X-Content-Type-Options"],
        headers["X-Frame-Options"],
        headers["Server"],
    )


def test_a_body_over_the_limit_is_refused(serving: Lab) -> None:
    """10 MB unless set otherwise; what is below comes through whole."""
    accepted = requests.post(url(serving) + "/echo", data=b"x" * 9_000_000, timeout=TIMEOUT)
    refused = requests.post(url(serving) + "/echo", data=b"x" * 11_000_000, timeout=TIMEOUT)

    assert (200, 413) == (accepted.status_code, refused.status_code)
    assert "9000000" in accepted.text


def test_a_websocket_goes_through_both_nginx(serving: Lab) -> None:
    """Handshake and one message there and back."""
    key = base64.b64encode(os.urandom(16)).decode()
    accept = base64.b64encode(hashlib.sha1(f"{key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11".encode()).digest()).decode()
    lines = ["GET /ws HTTP/1.1", "Host: shop", "Upgrade: websocket", "Connection: Upgrade", f"Sec-WebSocket-Key: {key}"]
    with socket.create_connection((serving.host("balancer-1").address, 80), TIMEOUT) as connection:
        connection.sendall("\r\n".join([*lines, "Sec-WebSocket-Version: 13", "", ""]).encode())
        stream = connection.makefile("rb")
        head = b"".join(takewhile(b"\r\n".__ne__, iter(stream.readline, b""))).decode()
        mask, text = b"\x01\x02\x03\x04", b"slack"
        masked = bytes(byte ^ mask[place % 4] for place, byte in enumerate(text))
        connection.sendall(struct.pack("!BB4s", 0x81, 0x80 | len(text), mask) + masked)
        length = stream.read(2)[1]
        message = stream.read(length).decode()

    assert "101" == head.split()[1]
    assert accept in head
    assert "slack" in message


def test_nginx_keeps_its_own_state_on_loopback(app: LabHost) -> None:
    """Counters for metrics are there, and not for others."""
    assert "Active connections" in out(app, "curl -fsS http://127.0.0.1:8081/stub_status")
    with pytest.raises(OSError, match="refused"):
        socket.create_connection((app.address, 8081), TIMEOUT)


def test_access_logs_are_json_with_request_id_and_upstream_times(serving: Lab, app: LabHost) -> None:
    """A line a request, its instance in it; health checks leave none."""
    requests.get(url(serving, app.name, 8000) + "/headers", headers={"X-Request-ID": "look-for-me"}, timeout=TIMEOUT)
    requests.get(url(serving, app.name, 8000) + "/health", headers={"X-Request-ID": "health"}, timeout=TIMEOUT)
    lines = [json.loads(line) for line in out(app, "tail -n 50 /var/log/nginx/access.log").splitlines()]
    mine = [line for line in lines if line["request_id"] == "look-for-me"]

    assert [(app.name, 200, "/headers")] == [(line["instance"], line["status"], line["uri"]) for line in mine]
    assert float(mine[0]["upstream_seconds"]) >= 0
    assert not any(line["uri"] == "/health" for line in lines)


@pytest.mark.parametrize("host", ["app-1", "app-2", "balancer-1"])
def test_every_program_accepts_its_files(serving: Lab, host: str) -> None:
    """nginx, systemd and logrotate on the host itself."""
    machine = serving.host(host)
    out(machine, "nginx -t -q")
    verify = "systemd-analyze verify --man=no --recursive-errors=no"
    out(machine, f"find /etc/systemd/system -name 'slackwater-*' | xargs -r {verify}")
    rotated = machine.ssh("logrotate --debug /etc/logrotate.conf 2>&1")

    assert 0 == rotated.returncode
    assert "error:" not in rotated.stdout


def test_gunicorn_accepts_its_settings(app: LabHost) -> None:
    """Asked as the app's own user, with the slot's own interpreter."""
    slot = live_slot(app)
    python = "/srv/slackwater/shop/current/venv/bin/python -m gunicorn --check-config"
    config = f"--config /etc/slackwater/shop/{slot}/gunicorn.conf.py shop.main:app"

    out(app, f"cd /srv/slackwater/shop/current/app && runuser -u sw-shop -- {python} {config}")


def test_the_apps_unit_is_locked_down(app: LabHost) -> None:
    """systemd's own measure, on this host."""
    report = out(app, f"systemd-analyze security --no-pager slackwater-shop@{live_slot(app)}.service")
    score = re.search(r"exposure level for \S+: ([\d.]+)", report)

    assert score is not None
    assert float(score[1]) <= 2.0


CURRENT = "/srv/slackwater/shop/current"


@pytest.mark.parametrize(
    "path", [f"{CURRENT}/app/x", f"{CURRENT}/venv/x", "/etc/slackwater/shop/x", "/srv/slackwater/x"]
)
def test_the_app_cannot_write_where_its_code_and_settings_are(app: LabHost, path: str) -> None:
    """They are root's; what it may write is its own state directory."""
    as_app = "runuser -u sw-shop -- touch"
    out(app, f"{as_app} /var/lib/slackwater/shop/x && rm /var/lib/slackwater/shop/x")

    assert 0 != app.ssh(f"{as_app} {path}").returncode


@pytest.mark.parametrize(
    "path", [f"{CURRENT}/app/shop/main.py", f"{CURRENT}/venv/pyvenv.cfg", "/etc/slackwater/shop/*/environment"]
)
def test_code_and_settings_are_nobody_elses(app: LabHost, path: str) -> None:
    """Root can read them, another user of the machine cannot."""
    out(app, f"cat {path}")

    assert 0 != app.ssh(f"runuser -u nobody -- sh -c 'cat {path}'").returncode


def test_the_app_cannot_reach_the_metadata(app: LabHost) -> None:
    """A real server answers at the metadata address, everybody but a process in the app's own unit."""
    unit = f"slackwater-shop@{live_slot(app)}.service"
    out(app, "ip address add 169.254.169.254/32 dev lo")
    server = "python3 -m http.server --bind 169.254.169.254 --directory /var/empty 80"
    try:
        out(app, f"mkdir -p /var/empty && systemd-run -q --unit=metadata {server}")
        ask = "curl -s -o /dev/null --max-time 3 -w %{http_code} http://169.254.169.254/"
        others = app.ssh(f"{ask} --retry 5 --retry-connrefused").stdout
        # BPF filters belong to a cgroup: a shell that joins the unit's is under its rules.
        join = f"for f in $(find /sys/fs/cgroup -path '*/{unit}/cgroup.procs'); do echo $$ > $f; done"
        apps = app.ssh("bash -s", input=f"{join}\n{ask}\n").stdout
    finally:
        app.ssh("systemctl stop metadata; ip address del 169.254.169.254/32 dev lo")

    assert ("200", "000") == (others, apps)


def test_updates_come_by_themselves_from_the_security_origin_only(app: LabHost) -> None:
    """As unattended-upgrades itself understood it."""
    said = out(app, "unattended-upgrade --dry-run --debug 2>&1 | grep -E '^(Allowed origins|Initial blacklist)' ")

    assert 1 == said.count("origin=")
    assert "Debian-Security" in said
    assert "nginx" in said


def test_an_app_that_is_killed_answers_the_get_that_comes_next(serving: Lab, app: LabHost) -> None:
    """systemd holds the socket: a request that comes while the app restarts waits for it."""
    out(app, "systemctl kill --signal=KILL 'slackwater-shop@*.service'")
    answer = requests.get(url(serving, app.name, 8000) + "/", timeout=TIMEOUT)

    assert 200 == answer.status_code
