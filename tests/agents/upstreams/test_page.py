"""The page on loopback."""

from __future__ import annotations

import asyncio
import json
import re
from pathlib import Path
from typing import Any

from slackwater.agents.upstreams.page.metrics import _labels
from tests.agents.upstreams import world
from tests.agents.upstreams.site import Site, backends, named
from tests.agents.upstreams.world import until
from tests.ports import ports

DOCS = Path(__file__).resolve().parents[3] / "docs/balancers.md"
LINE = re.compile(r'[a-z_]+(\{[a-z_]+="[^"\n]*"(,[a-z_]+="[^"\n]*")*\})? -?[0-9.e+-]+')


async def ask(port: int, path: str, method: str = "GET") -> tuple[int, str]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(f"{method} {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    head, _, body = (await reader.read()).decode().partition("\r\n\r\n")
    writer.close()
    return int(head.split()[1]), body


async def pages(site: Site) -> dict[str, tuple[int, str]]:
    found = await backends(3)
    site.tell(*named(*found))
    await site.nginx.start()
    async with site.agent() as agent:
        await until(lambda: len(site.nginx.names) == 3)
        found[0].behave = world.says(500, b'"quoted" \\ and\nbroken')
        await until(lambda: site.nginx.names == ["app-2", "app-3"])
        return {path: await ask(agent.page.port, path) for path in ("/state", "/metrics", "/health", "/other")}


def test_state_tells_who_serves_and_why(site: Site) -> None:
    """Members, sources, writer, and the last transitions with their reasons."""
    state: dict[str, Any] = json.loads(asyncio.run(pages(site))["/state"][1])
    first = state["members"][0]

    assert ["down", "up", "up"] == [member["state"] for member in state["members"]]
    assert '500: "quoted" \\ and broken (3 in a row)' == first["reason"]
    assert 0 == first["weight"]
    assert [{"kind": "inventory", "ok": True, "members": 3}] == [
        {key: source[key] for key in ("kind", "ok", "members")} for source in state["sources"]
    ]
    assert state["writer"]["ok"]
    assert state["generation"] == state["writer"]["nginx_generation"]
    assert ("app-1", "up", "down") == tuple(state["transitions"][-1][key] for key in ("name", "from", "to"))


def test_the_docs_name_every_family(site: Site) -> None:
    """And none that is not there: an alarm on such a name would never ring."""
    text = asyncio.run(pages(site))["/metrics"][1]
    printed = re.findall(r"^# TYPE slackwater_upstreams_(\w+)", text, re.M)
    _, _, after = DOCS.read_text().partition("Each family of `/metrics` begins with `slackwater_upstreams_`:\n\n")
    rows = [row.split("|")[2] for row in after.partition("\n\n")[0].splitlines()[2:]]
    named = [name for row in rows for name in re.findall(r"`(\w+)`", re.sub(r"\(.*?\)", "", row))]

    assert sorted(printed) == sorted(named)


def test_metrics_are_well_formed(site: Site) -> None:
    """Each family has its help and type, each value its line."""
    status, text = asyncio.run(pages(site))["/metrics"]
    values = [line for line in text.splitlines() if not line.startswith("#")]
    families = {line.split()[2] for line in text.splitlines() if line.startswith("# TYPE")}

    assert 200 == status
    assert [] == [line for line in values if not LINE.fullmatch(line)]
    assert families == {re.split(r"[{ ]", line)[0] for line in values} | {"slackwater_upstreams_member_ready"}
    assert re.search(r'member_state\{name="app-1",place="127.0.0.1:[0-9]+",state="down"\} 1\n', text)
    assert 'slackwater_upstreams_transitions_total{to="down"} 1\n' in text


def test_labels_are_escaped() -> None:
    """Whatever a name holds, it stays one label."""
    assert r'{name="a\"b\\c\nd"}' == _labels({"name": 'a"b\\c\nd'})


def test_health_and_what_is_not_there(site: Site) -> None:
    """One word for whoever watches the watcher."""
    found = asyncio.run(pages(site))

    assert (200, "ok\n") == found["/health"]
    assert 404 == found["/other"][0]


def test_no_backend_is_no_health(site: Site) -> None:
    """And nginx that is not there neither."""

    async def run() -> tuple[int, str]:
        site.tell({"name": "app-1", "address": "127.0.0.1", "port": ports(1)[0]})
        async with site.agent() as agent:
            await until(lambda: agent.page.port)
            return await ask(agent.page.port, "/health")

    assert (503, "no backend is in service\n") == asyncio.run(run())


def test_bad_requests_harm_nobody(site: Site) -> None:
    """Too long, cut off, of another method: answered or closed, and the next one is served."""

    async def run() -> list[int]:
        found = await backends(1)
        site.tell(*named(*found))
        async with site.agent() as agent:
            await until(lambda: agent.page.port)
            for data in (b"GET " + b"x" * 100_000, b"\0\xff\r\n\r\n", b""):
                _, writer = await asyncio.open_connection("127.0.0.1", agent.page.port)
                writer.write(data)
                writer.close()
            return [(await ask(agent.page.port, "/state", method))[0] for method in ("POST", "GET")]

    assert [400, 200] == asyncio.run(run())


def test_a_taken_port_does_not_stop_the_agent(site: Site) -> None:
    """It works on without its page, and says so."""

    async def run() -> None:
        found = await backends(1)
        site.told["page"] = ["127.0.0.1", found[0].port]
        site.tell(*named(*found))
        await site.nginx.start()
        async with site.agent():
            await until(lambda: site.nginx.names == ["app-1"])

    asyncio.run(run())

    assert any("cannot be served" in line for line in site.lines)
