"""Where nginx lacks the Lua module: a real nginx, reloaded with what root's helper makes of the members."""

from __future__ import annotations

import asyncio
import json
import shutil
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from slackwater.agents.upstreams.members import Place
from slackwater.agents.upstreams.reload import Order, reload, servers
from slackwater.agents.upstreams.writer.entry import Entry, as_document
from slackwater.agents.upstreams.writer.nginx import OutletError
from slackwater.agents.upstreams.writer.reloading import Reloading
from slackwater.resources import resource
from tests.agents.upstreams import world
from tests.agents.upstreams.world import Backend
from tests.ports import ports

NGINX = shutil.which("nginx", path="/usr/sbin:/usr/bin") or "nginx"
CONFIGURATION = """
daemon on; pid {root}/nginx.pid; error_log {root}/error.log; worker_processes 1;
events {{ worker_connections 64; }}
http {{
  access_log off;
  client_body_temp_path {root}/t; proxy_temp_path {root}/t; fastcgi_temp_path {root}/t;
  scgi_temp_path {root}/t; uwsgi_temp_path {root}/t;
  upstream app {{ zone app 64k; include {root}/members.conf; }}
  server {{ listen 127.0.0.1:{port}; location / {{ proxy_pass http://app; }} }}
}}
"""


def entries(*ports: int, backup: bool = False) -> tuple[Entry, ...]:
    return tuple(Entry(f"app-{port}", Place("127.0.0.1", port), 100, backup, 0.0, 30) for port in ports)


def write(order: Order, generation: int, found: tuple[Entry, ...]) -> None:
    order.members.write_text(json.dumps(as_document(generation, found)))


@pytest.fixture
def nginx(tmp_path: Path) -> Iterator[tuple[Order, int]]:
    """One that runs, with a member that refuses; and the port it listens on."""
    port, refusing = ports(2)
    (tmp_path / "nginx.conf").write_text(CONFIGURATION.format(root=tmp_path, port=port))
    (tmp_path / "members.conf").write_text(servers(entries(refusing), ""))
    command = [NGINX, "-c", str(tmp_path / "nginx.conf"), "-p", str(tmp_path)]
    paths = [tmp_path / name for name in ("members.json", "members.conf", "reloaded.json")]
    subprocess.run(command, check=True, capture_output=True, timeout=30)
    yield Order(paths[0], paths[1], paths[2], "max_fails=3 fail_timeout=10s", command), port
    subprocess.run([*command, "-s", "stop"], check=True, capture_output=True, timeout=30)


def said(order: Order) -> dict[str, object]:
    return dict(json.loads(order.reloaded.read_text()))


def test_nginx_serves_from_the_new_members(nginx: tuple[Order, int]) -> None:
    """After the reload, and not before it."""
    order, port = nginx

    async def run() -> bytes:
        backend = await Backend(world.says(200, b"from the new one")).start()
        write(order, 7, entries(backend.port))
        assert "" == await asyncio.to_thread(reload, order)
        for _ in range(50):
            try:
                return await asyncio.to_thread(lambda: urllib.request.urlopen(f"http://127.0.0.1:{port}/").read())
            except OSError:
                await asyncio.sleep(0.1)
        return b""

    assert b"from the new one" == asyncio.run(run())
    assert {"generation": 7, "error": ""} == said(order)


def test_what_nginx_refuses_is_put_back(nginx: tuple[Order, int]) -> None:
    """It goes on with the old members, at its next start too, and the agent hears why."""
    order, _ = nginx
    before = order.include.read_text()
    broken = Order(order.members, order.include, order.reloaded, "no_such_word", order.nginx)
    write(order, 8, entries(8000))
    error = reload(broken)

    assert "no_such_word" in error
    assert before == order.include.read_text()
    assert {"generation": 8, "error": error} == said(order)


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"generation": 1, "members": []}', '{"generation": 1, "members": [{"name": "a; b"}]}']
)
def test_a_broken_list_changes_nothing(nginx: tuple[Order, int], text: str) -> None:
    """Neither nginx's file nor nginx."""
    order, _ = nginx
    before = order.include.read_text()
    order.members.write_text(text)

    assert reload(order)
    assert before == order.include.read_text()


def test_servers_as_nginx_reads_them() -> None:
    """Backups stay backups as long as somebody else is there."""
    main, spare = entries(8001), entries(8002, backup=True)
    six = (Entry("v6", Place("2001:db8::1", 80), 10, False, 0.0, 0),)

    assert "server 127.0.0.1:8001 weight=100 max_fails=3;\nserver 127.0.0.1:8002 weight=100 max_fails=3 backup;\n" == (
        servers(main + spare, "max_fails=3")
    )
    assert "server 127.0.0.1:8002 weight=100;\n" == servers(spare, "")
    assert "server [2001:db8::1]:80 weight=10;\n" == servers(six, "")


def test_the_command_refuses_other_options(tmp_path: Path) -> None:
    """They stand in nginx's configuration: nothing but names and numbers."""
    words = [sys.executable, "-sP", "-m", "agents.upstreams.reload", "a", "b", "c", "--options", "x; }"]
    environment = {"PYTHONPATH": str(resource("agents").parent)}
    done = subprocess.run(words, capture_output=True, text=True, env=environment, timeout=30, check=False)

    assert 2 == done.returncode
    assert "max_fails=3 fail_timeout=10s" in done.stderr


def test_the_agent_waits_for_roots_answer(tmp_path: Path) -> None:
    """Its wish is written each time it asks; the answer says which list nginx has, or what was wrong with it."""
    reloaded = tmp_path / "reloaded.json"
    outlet = Reloading(tmp_path / "members.json", reloaded)

    async def run() -> int:
        asking = asyncio.create_task(outlet.put(9, entries(8000)))
        await asyncio.sleep(0.2)
        reloaded.write_text('{"generation": 9, "error": ""}')
        return await asking

    assert 9 == asyncio.run(run())
    assert "9\n" == (tmp_path / "reload").read_text()
    for text, why in (('{"generation": 9, "error": "emerg"}', "not reloaded: emerg"), ("{", "reloaded.json")):
        reloaded.write_text(text)
        with pytest.raises(OutletError, match=why):
            asyncio.run(outlet.look())
