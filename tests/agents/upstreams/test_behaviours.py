"""What becomes of backends that misbehave: the table of docs/balancers.md, with real ones."""

from __future__ import annotations

import asyncio

import pytest

from tests.agents.upstreams import world
from tests.agents.upstreams.site import Site, backends, named
from tests.agents.upstreams.world import Behaviour, in_turn, until

SERVER_ERROR = world.says(500, b"oh")
LATE = world.after(1.5, world.OK)

TABLE: dict[str, tuple[Behaviour, str, dict[str, object]]] = {
    "flapping, never three bad in a row": (in_turn(world.OK, SERVER_ERROR, SERVER_ERROR), "up", {}),
    "5xx from half of its answers": (in_turn(world.OK, SERVER_ERROR), "up", {}),
    "slow, within the timeout": (world.after(0.05, world.OK), "up", {}),
    "slow, beyond the timeout": (LATE, "down", {}),
    "5xx from all": (SERVER_ERROR, "down", {}),
    "its app hangs, says its nginx": (world.after(0.05, world.says(504)), "down", {}),
    "wrong content": (world.says(200, b"<h1>It works!</h1>"), "down", {"body": "healthy"}),
    "wrong header": (world.OK, "down", {"header": "X-Health: ok"}),
    "hanging accept": (world.silence, "down", {}),
    "slow body": (world.slow_body, "down", {}),
    "endless head": (world.endless_head, "down", {}),
    "another protocol": (world.garbage, "down", {}),
    "closes without an answer": (world.hang_up, "down", {}),
    "draining": (world.DRAINING, "draining", {}),
    "not ready": (world.ready_says(503, b"no database"), "up", {}),
}


CUT = {"slow, beyond the timeout", "hanging accept"}
"""From whom nothing comes."""


@pytest.mark.parametrize("case", TABLE)
def test_one_of_three_misbehaves(site: Site, case: str) -> None:
    """The two others stay as they are; who is out gets no new request, and the reason says what it did."""
    behave, expected, checks = TABLE[case]
    well = world.says(200, b"healthy", "X-Health: ok")

    async def run() -> None:
        found = await backends(3)
        for backend in found:
            backend.behave = well
        site.tell(*named(*found), checks=checks)
        await site.nginx.start()
        await site.cutter.start()
        async with site.agent() as agent:
            await until(lambda: site.nginx.names == ["app-1", "app-2", "app-3"])
            found[0].behave = behave
            await asyncio.sleep(0.6)
            await until(lambda: site.states(agent) == {"app-1": expected, "app-2": "up", "app-3": "up"})
            serving = ["app-1", "app-2", "app-3"] if expected == "up" else ["app-2", "app-3"]
            await until(lambda: site.nginx.names == serving)
            await asyncio.sleep(0.1)

    asyncio.run(run())

    assert (case in CUT) == bool(site.cutter.lines)


def test_not_ready_lowers_the_weight(site: Site) -> None:
    """And when nobody is ready all are equal again."""

    async def run() -> list[list[int]]:
        found, weights = await backends(2), []
        site.tell(*named(*found))
        await site.nginx.start()

        async def until_weights(*expected: int) -> None:
            await until(lambda: [member["weight"] for member in site.nginx.members] == list(expected))
            weights.append(list(expected))

        async with site.agent():
            await until_weights(100, 100)
            found[0].behave = world.ready_says(503, b"no database")
            await until_weights(10, 100)
            found[1].behave = world.ready_says(503, b"no database")
            await until_weights(100, 100)
            found[0].behave = world.OK
            await until_weights(100, 10)
        return weights

    asyncio.run(run())

    assert any("weight 100 -> 10: 503: no database" in line for line in site.lines)


def test_a_flapping_backend_begins_a_ramp_each_time(site: Site) -> None:
    """Out for good reasons and back for good reasons, and then gently."""

    async def run() -> list[float]:
        found, seen = await backends(2), []
        site.tell(*named(*found), policy={"slow_start": 30})
        await site.nginx.start()
        async with site.agent():
            for _ in range(3):
                found[0].behave = world.OK
                await until(lambda: site.nginx.names == ["app-1", "app-2"])
                seen.append(site.nginx.members[0]["since"])
                found[0].behave = SERVER_ERROR
                await until(lambda: site.nginx.names == ["app-2"])
        return seen

    seen = asyncio.run(run())

    assert seen == sorted(set(seen))


def test_when_all_look_bad_half_is_kept(site: Site) -> None:
    """A path that nobody has: the floor holds two of four, and says so, until one is well again."""

    async def run() -> None:
        found = await backends(4)
        site.tell(*named(*found))
        await site.nginx.start()
        async with site.agent() as agent:
            await until(lambda: len(site.nginx.names) == 4)
            for backend in found:
                backend.behave = world.says(404, b"no such path")
            await until(lambda: sorted(site.states(agent).values()) == ["down", "down", "held", "held"])
            assert agent.view().state()["floor_held"]
            await until(lambda: len(site.nginx.names) == 2)
            for backend in found:
                backend.behave = world.OK
            await until(lambda: len(site.nginx.names) == 4)
            assert not agent.view().state()["floor_held"]

    asyncio.run(run())

    assert any("404: no such path" in line and "50 % must serve" in line for line in site.lines)
