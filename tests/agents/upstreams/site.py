"""One balancer's surroundings below a directory: file, sockets, state; and the agent in them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from slackwater.agents.upstreams.agent import Agent, Surroundings
from slackwater.agents.upstreams.membership.source import World
from tests.agents.upstreams.world import Backend, FakeCutter, FakeNginx

QUICK = {"interval": 0.05, "timeout": 1, "ready_interval": 0.1}
"""Answers may be late on a busy machine: only who never answers meets the timeout."""


class Site:
    def __init__(self, root: Path) -> None:
        self.root, self.file = root, root / "upstreams.json"
        self.state = root / "members.json"
        self.nginx, self.cutter = FakeNginx(root / "members.sock"), FakeCutter(root / "cut.sock")
        self.lines: list[str] = []
        self.told: dict[str, Any] = {
            "membership": [],
            "checks": dict(QUICK),
            "policy": {"slow_start": 0},
            "api": str(self.nginx.path),
            "state": str(self.state),
            "cut": str(self.cutter.path),
            "page": ["127.0.0.1", 0],
        }

    def tell(self, *members: dict[str, Any], **sections: dict[str, Any]) -> None:
        """Writes the file: an inventory of these members, and what else is given."""
        if members:
            self.told["membership"] = [{"kind": "inventory", "members": list(members)}]
        for name, values in sections.items():
            self.told[name] = {**self.told.get(name, {}), **values}
        self.file.write_text(json.dumps(self.told))

    @asynccontextmanager
    async def agent(self, world: World | None = None, clock: Callable[[], float] | None = None) -> AsyncIterator[Agent]:
        more = {"clock": clock} if clock else {}
        around = Surroundings(world=world or World(), log=self.lines.append, chance=lambda: 0.5, **more)  # type: ignore[arg-type]
        agent, stop = Agent(self.file, around), asyncio.Event()
        running = asyncio.create_task(agent.run(stop))
        try:
            yield agent
        finally:
            stop.set()
            await asyncio.wait_for(running, 2)

    def world(self, **given: Any) -> World:
        return World(**{"chance": lambda: 0.5, **given})

    def states(self, agent: Agent) -> dict[str, str]:
        return {member["name"]: member["state"] for member in agent.view().members()}

    def reasons(self, agent: Agent) -> dict[str, str]:
        return {member["name"]: member["reason"] for member in agent.view().members()}


async def backends(count: int) -> list[Backend]:
    return [await Backend().start() for _ in range(count)]


def named(*found: Backend) -> list[dict[str, Any]]:
    """Members app-1, app-2 and so on."""
    return [backend.member(f"app-{number}") for number, backend in enumerate(found, 1)]
