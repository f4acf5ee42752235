"""The agent as systemd runs it: a process of its own, notified, killed, restarted, stopped."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from slackwater.resources import resource
from tests.agents.upstreams import world
from tests.agents.upstreams.site import Site, backends, named
from tests.agents.upstreams.world import until

RESTARTS = 5


class Manager:
    """Hears what the service tells systemd."""

    def __init__(self, path: Path) -> None:
        self.path, self.words = path, list[str]()
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(path))
        self._socket.setblocking(False)

    def __enter__(self) -> Manager:
        asyncio.get_running_loop().add_reader(self._socket, lambda: self.words.append(self._socket.recv(100).decode()))
        return self

    def __exit__(self, *_: object) -> None:
        asyncio.get_running_loop().remove_reader(self._socket)
        self._socket.close()


@asynccontextmanager
async def process(site: Site, **environment: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """As in the unit, and from a copy of the modules: nothing of the library is at hand there."""
    words = ["-sP", "-m", "agents.upstreams", str(site.file)]
    base = {"PYTHONPATH": str(site.root / "lib"), "PATH": os.environ["PATH"], "PYTHONDONTWRITEBYTECODE": "1"}
    lib = site.root / "lib"
    if not lib.exists():
        lib.mkdir()
        (lib / "agents").symlink_to(resource("agents"))
    pipe = asyncio.subprocess.PIPE
    running = await asyncio.create_subprocess_exec(sys.executable, *words, env=base | environment, stderr=pipe)
    try:
        yield running
    finally:
        if running.returncode is None:
            running.kill()
        site.lines += ((await running.communicate())[1] or b"").decode().splitlines()


def test_ready_alive_and_stopping(site: Site) -> None:
    """Ready once nginx has the list, alive from the loop, and gone at once when told; nginx keeps the list."""

    async def run() -> tuple[list[str], float, int | None]:
        found = await backends(2)
        site.tell(*named(*found))
        await site.nginx.start()
        with Manager(site.root / "notify.sock") as manager:
            async with process(site, NOTIFY_SOCKET=str(manager.path), WATCHDOG_USEC="300000") as running:
                await until(lambda: "READY=1" in manager.words and manager.words.count("WATCHDOG=1") > 3, 10)
                await until(lambda: len(site.nginx.names) == 2)
                begun = time.monotonic()
                running.send_signal(signal.SIGTERM)
                code = await running.wait()
                took = time.monotonic() - begun
                await asyncio.sleep(0.1)
        return manager.words, took, code

    words, took, code = asyncio.run(run())

    assert (0, "STOPPING=1") == (code, words[-1])
    assert took < 3
    assert ["app-1", "app-2"] == site.nginx.names


def test_ready_without_nginx(site: Site) -> None:
    """Once every backend has been asked: a balancer whose nginx is broken must still come up to be mended."""

    async def run() -> None:
        found = await backends(1)
        site.tell(*named(*found))
        with Manager(site.root / "notify.sock") as manager:
            async with process(site, NOTIFY_SOCKET=str(manager.path)):
                await until(lambda: "READY=1" in manager.words, 10)

    asyncio.run(run())


def test_killed_and_restarted_again_and_again(site: Site) -> None:
    """Each time at another moment: the list stays the same, and so do the times of who serves."""

    async def run() -> tuple[str, list[str]]:
        found = await backends(3)
        site.tell(*named(*found))
        await site.nginx.start()
        async with process(site) as running:
            await until(lambda: len(site.nginx.names) == 3, 10)
            await asyncio.sleep(0.2)
            running.kill()
        first, seen = site.state.read_text(), []
        for number in range(RESTARTS):
            async with process(site) as running:
                await asyncio.sleep(0.15 * (number + 1))
                running.kill()
            seen.append(site.state.read_text())
        return first, seen

    first, seen = asyncio.run(run())

    assert [first] * RESTARTS == seen
    assert 3 == len(json.loads(first)["members"])
    assert {json.dumps(document) for document in site.nginx.puts if len(document["members"]) == 3} == {first.strip()}


def test_one_that_died_meanwhile_goes(site: Site) -> None:
    """It was in when the agent was killed; after the restart its answers count."""

    async def run() -> None:
        found = await backends(3)
        site.tell(*named(*found))
        await site.nginx.start()
        async with process(site) as running:
            await until(lambda: len(site.nginx.names) == 3, 10)
            running.kill()
        await found[2].stop()
        async with process(site):
            await until(lambda: site.nginx.names == ["app-1", "app-2"], 10)

    asyncio.run(run())

    assert any("up -> down: connection refused (3 in a row)" in line for line in site.lines)


def test_a_wrong_file_is_one_sentence(site: Site) -> None:
    """And a failed start: systemd says so, nothing guesses."""
    site.file.write_text('{"membership": [{"kind": "inventory", "members": []}], "checks": {"rise": "two"}}')

    async def run() -> int | None:
        async with process(site) as running:
            return await running.wait()

    assert 1 == asyncio.run(run())
    assert ["upstreams.json.checks.rise must be a whole number from 1 to 100, not 'two'"] == site.lines


def test_a_hanging_name_server_does_not_hold_the_end(site: Site) -> None:
    """What still waits for the cloud or a resolver is left behind."""

    async def run() -> float:
        server = await world.Backend(world.silence).start()
        site.told["membership"] = [
            {"kind": "auto_scaling", "groups": ["web"], "region": "eu-central-1", "port": 80,
             "endpoint": f"http://127.0.0.1:{server.port}"}
        ]  # fmt: skip
        site.tell()
        keys = {"AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret"}
        async with process(site, **keys) as running:
            await until(lambda: server.asked, 10)
            begun = time.monotonic()
            running.terminate()
            await running.wait()
            return time.monotonic() - begun

    assert asyncio.run(run()) < 3
