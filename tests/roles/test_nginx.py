"""The role nginx: one configuration for every host, the app's site where there is an app."""

from __future__ import annotations

import base64
import io
import tarfile
from typing import Any

from roles.nginx import nginx
from slackwater import App, Health, Nginx, Static
from tests.roles.bare import Bare


def written(done: Any) -> dict[str, str]:
    """The files of the archives that went through stdin, by path."""
    files = {}
    for text in filter(None, done.stdin):
        with tarfile.open(fileobj=io.BytesIO(base64.b64decode(text))) as tar:
            files |= {f"/{entry.name}": tar.extractfile(entry).read().decode() for entry in tar}  # type: ignore[union-attr]
    return files


def site(run_role: Any, app: App) -> str:
    balancers = {"balancer": [("@fake/b", {"address": "10.0.0.9"})]}
    return written(run_role(nginx, groups=("app",), data={"app": app}, others=balancers))[
        "/etc/nginx/slackwater.d/app.conf"
    ]


def test_nginx_tests_the_new_files_before_they_are_there(run_role: Any, shop: App) -> None:
    """The test comes before the first rename."""
    commands = run_role(nginx, groups=("app",), data={"app": shop}).executed_commands
    command = next(command for command in commands if "/etc/nginx/nginx.conf" in command)

    assert 0 < command.index("nginx -t") < command.index("mv -fT")


def test_it_is_reloaded_never_restarted(run_role: Any, shop: App) -> None:
    """A restart would refuse connections; only a nginx that is off is started."""
    commands = run_role(nginx, groups=("app",), data={"app": shop}).executed_commands

    assert not any("restart" in command for command in commands)


def test_a_balancer_has_no_app(run_role: Any) -> None:
    """Only the common file is written there."""
    done = run_role(nginx, groups=("balancer",))

    assert {"/etc/nginx/nginx.conf", "/etc/systemd/system/nginx.service.d/slackwater.conf"} == set(written(done))


def test_health_routes_have_the_gate_and_are_not_logged(run_role: Any, shop: App) -> None:
    """Both probes and both of the app's own paths answer 503 once the VM drains."""
    text = site(run_role, shop)
    routes = text.split("location = ")[1:]

    assert ["/.slackwater/live", "/.slackwater/ready", "/health", "/health/ready"] == [
        route.split()[0] for route in routes
    ]
    assert all("/run/slackwater/draining" in route for route in routes)
    assert all("/run/slackwater-drain/draining" in route for route in routes)
    assert [False, True, True, True] == ["access_log off" in route for route in routes]
    assert "access_log syslog:server=unix:/run/slackwater-drain/probes.sock" in routes[0]


def test_an_app_may_have_its_health_at_the_root(run_role: Any, shop: App) -> None:
    """Health(live="/", ready="/") is legal: people's requests to / are then neither gated nor unlogged."""
    text = site(run_role, shop.model_copy(update={"health": Health(live="/", ready="/")}))

    assert "location = / {" not in text
    assert "proxy_pass http://slackwater_shop/;" in text


def test_only_a_balancer_of_ours_says_who_the_client_is(run_role: Any, shop: App) -> None:
    """The fleet's balancers are trusted for X-Forwarded-For and -Proto, nobody else."""
    text = site(run_role, shop)

    assert ["set_real_ip_from 10.0.0.9;"] == [line.strip() for line in text.splitlines() if "set_real_ip_from" in line]
    assert "real_ip_header X-Forwarded-For;" in text


def test_settings_reach_the_site(run_role: Any, shop: App) -> None:
    """Limits, times and static folders are as declared."""
    web = Nginx(body_limit=3, connect_timeout=4, read_timeout=5, send_timeout=6, gzip=False, security_headers=False)
    app = shop.model_copy(
        update={"nginx": web, "port": 9000, "static": (Static(url="/assets/", directory="dist", max_age=7),)}
    )
    text = site(run_role, app)

    for line in (
        "client_max_body_size 3m;",
        "proxy_connect_timeout 4s;",
        "proxy_read_timeout 5s;",
        "listen 9000 default_server;",
    ):
        assert line in text
    assert "location ^~ /assets/ {" in text
    assert "alias /srv/slackwater/shop/current/app/dist/;" in text
    assert 'add_header Cache-Control "public, max-age=604800, immutable";' in text
    assert "gzip on" not in text
    assert "X-Frame-Options" not in text


def test_a_pooled_connection_is_gone_two_seconds_after_a_switch(run_role: Any, shop: App) -> None:
    """All of these, or the old slot is still asked after it has been stopped."""
    text = site(run_role, shop)

    for line in ("keepalive 32;", "keepalive_time 2s;", "keepalive_timeout 2s;", "current.sock max_fails=0;"):
        assert line in text


def test_a_port_that_nginx_could_not_take_is_no_success(run_role: Any, shop: App) -> None:
    """`nginx -t` and the reload both succeed then; the host is asked who listens."""
    done = run_role(nginx, groups=("app",), data={"app": shop})

    assert "nginx does not listen on port 8000" in done.executed_commands[-1]


def test_a_host_that_is_no_balancer_any_more_stops_balancing(run_role: Any, shop: App) -> None:
    """The other role's site goes, and the folder's time makes nginx read it."""
    bare = Bare(found={"/etc/nginx/slackwater.d/balancer.conf": "file|644|root|root|1|x|"})
    commands = run_role(nginx, groups=("app",), data={"app": shop}, bare=bare).executed_commands

    assert any("rm -rf /etc/nginx/slackwater.d/balancer.conf" in command for command in commands)


def test_a_reboot_lets_requests_finish(run_role: Any, shop: App) -> None:
    """Debian gives nginx five seconds; a request may take as long as the longest timeout that the host has."""
    balancers = {"balancer": []}
    done = run_role(nginx, groups=("app",), data={"app": shop}, others=balancers)
    unit = written(done)["/etc/systemd/system/nginx.service.d/slackwater.conf"]

    assert "--retry QUIT/60 " in unit
    assert "TimeoutStopSec=65" in unit
