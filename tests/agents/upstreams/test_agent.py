"""The agent as a whole, with real backends and a real list on a unix socket."""

from __future__ import annotations

import asyncio
import json
import random

import pytest

from slackwater.agents.upstreams.given import ConfigurationError
from tests.agents.upstreams import world
from tests.agents.upstreams.site import Site, backends, named
from tests.agents.upstreams.world import Backend, until
from tests.conftest import LONG

RANDOM_ANSWERS = 10_000 if LONG else 1_000


def test_members_come_drain_and_go(site: Site) -> None:
    """A new one waits for two good answers, one that drains is out at once, one no longer named is forgotten."""

    async def run() -> None:
        found = await backends(3)
        site.tell(*named(*found[:2]))
        await site.nginx.start()
        async with site.agent() as agent:
            await until(lambda: site.nginx.names == ["app-1", "app-2"])
            site.tell(*named(*found))
            await until(lambda: site.nginx.names == ["app-1", "app-2", "app-3"])
            found[0].behave = world.DRAINING
            await until(lambda: site.nginx.names == ["app-2", "app-3"])
            site.tell(*named(*found)[1:])
            await until(lambda: site.states(agent)["app-1"] == "draining")
            assert [] == site.cutter.lines

    asyncio.run(run())

    assert "unknown -> new: just named by a source" in site.lines[0]
    assert any("draining: it answers that it drains" in line for line in site.lines)


def test_the_disk_has_it_before_nginx(site: Site) -> None:
    """What nginx was given is what it would load after a crash."""

    async def run() -> None:
        found = await backends(2)
        site.tell(*named(*found))
        await site.nginx.start()
        async with site.agent():
            await until(lambda: site.nginx.names == ["app-1", "app-2"])

    asyncio.run(run())
    lines = [(document["generation"], len(document["members"])) for document in site.nginx.puts]
    places = json.loads((site.root / "known.json").read_text())["places"]

    assert site.nginx.puts[-1] == json.loads(site.state.read_text())
    assert lines == sorted(lines)
    assert 2 == len(places)


def test_a_restart_changes_nothing(site: Site) -> None:
    """The same list, the same times; who is dead by then goes after three answers as ever."""

    async def run() -> tuple[dict[str, object], list[dict[str, object]]]:
        found = await backends(3)
        site.tell(*named(*found))
        await site.nginx.start()
        async with site.agent():
            await until(lambda: len(site.nginx.names) == 3)
        before = json.loads(site.state.read_text())
        given = len(site.nginx.puts)
        async with site.agent() as agent:
            assert ["up"] * 3 == list(site.states(agent).values())
            await until(lambda: len(site.nginx.puts) > given)
            await asyncio.sleep(0.4)
            again = site.nginx.puts[given:]
            await found[0].stop()
            await until(lambda: site.nginx.names == ["app-2", "app-3"])
        return before, again

    before, again = asyncio.run(run())

    assert [before] == again


def test_the_dead_are_cut_once_nginx_knows(site: Site) -> None:
    """And once more when some of their requests are still in flight a second later; not who drains and answers."""

    async def run() -> tuple[str, list[int]]:
        found = await backends(4)
        site.tell(*named(*found))
        await site.nginx.start()
        await site.cutter.start()
        async with site.agent() as agent:
            await until(lambda: len(site.nginx.names) == 4)
            site.nginx.in_flight[found[0].port] = 2
            found[1].behave = world.DRAINING
            found[0].behave = world.silence
            await until(lambda: site.cutter.lines)
            counts = [len(site.cutter.lines), len(site.nginx.names)]
            await until(lambda: len(site.cutter.lines) == 2)
            await asyncio.sleep(0.3)
            assert (2, 0) == (agent.cutting.cuts, agent.cutting.failures)
        return f"127.0.0.1 {found[0].port}", counts

    line, counts = asyncio.run(run())

    assert [line, line] == site.cutter.lines
    assert [1, 2] == counts


@pytest.mark.parametrize("left", [False, True])
def test_who_is_heard_is_not_cut(site: Site, left: bool) -> None:
    """nginx there says 502 or 504: out, and what the app still answers comes through. Gone later, it is cut then."""

    async def run() -> list[str]:
        found = await backends(3)
        site.tell(*named(*found))
        await site.nginx.start()
        await site.cutter.start()
        async with site.agent() as agent:
            await until(lambda: len(site.nginx.names) == 3)
            site.nginx.in_flight[found[0].port] = 2
            if left:
                site.tell(*named(*found)[1:])
                await until(lambda: site.states(agent)["app-1"] == "draining")
            found[0].behave = world.says(502)
            await until(lambda: site.states(agent)["app-1"] == "down")
            await asyncio.sleep(0.3)
            before = list(site.cutter.lines)
            found[0].behave = world.silence
            await until(lambda: site.cutter.lines)
        return before

    assert [] == asyncio.run(run())


def test_who_refuses_is_not_cut(site: Site) -> None:
    """A host that shuts down in order refuses new connections while its nginx finishes what it has."""

    async def run() -> None:
        found = await backends(3)
        site.tell(*named(*found))
        await site.nginx.start()
        await site.cutter.start()
        async with site.agent() as agent:
            await until(lambda: len(site.nginx.names) == 3)
            site.nginx.in_flight[found[0].port] = 2
            await found[0].stop()
            await until(lambda: site.nginx.names == ["app-2", "app-3"])
            await asyncio.sleep(0.5)
            assert "down" == site.states(agent)["app-1"]

    asyncio.run(run())

    assert [] == site.cutter.lines


def test_who_is_held_is_not_cut(site: Site) -> None:
    """It still serves as far as anybody knows."""

    async def run() -> None:
        found = await backends(1)
        site.tell(*named(*found))
        await site.nginx.start()
        await site.cutter.start()
        async with site.agent() as agent:
            await until(lambda: site.nginx.names)
            await found[0].stop()
            await until(lambda: site.states(agent) == {"app-1": "held"})
            await asyncio.sleep(0.2)

    asyncio.run(run())

    assert [] == site.cutter.lines
    assert ["app-1"] == site.nginx.names


def test_without_the_helper_nothing_else_stops(site: Site) -> None:
    """What waits for the dead one waits for its timeout; it is said."""

    async def run() -> None:
        found = await backends(3)
        site.tell(*named(*found))
        await site.nginx.start()
        async with site.agent() as agent:
            await until(lambda: len(site.nginx.names) == 3)
            found[0].behave = world.silence
            await until(lambda: agent.cutting.failures == 1)
            assert ["app-2", "app-3"] == site.nginx.names

    asyncio.run(run())

    assert any("were not cut" in line for line in site.lines)


def test_a_broken_file_changes_nothing(site: Site) -> None:
    """It is said and shown until it is right again."""

    async def run() -> list[bool]:
        found = await backends(2)
        site.tell(*named(*found))
        await site.nginx.start()
        async with site.agent() as agent:
            await until(lambda: len(site.nginx.names) == 2)
            site.file.write_text('{"membership": [{"kind": "inventory", "members": [{"name": "app 1"}]}]}')
            await until(lambda: agent.configuration_error)
            seen = [len(site.nginx.names) == 2]
            site.file.unlink()
            await until(lambda: "No such file" in agent.configuration_error)
            site.tell(*named(*found)[:1])
            await until(lambda: not agent.configuration_error and site.nginx.names == ["app-1"])
        return seen

    assert [True] == asyncio.run(run())
    assert any("a member's name must be" in line for line in site.lines)


def test_checks_and_rules_change_at_once(site: Site) -> None:
    """Another path is asked and another floor holds, without a restart."""

    async def run() -> None:
        found = await backends(2)
        site.tell(*named(*found))
        await site.nginx.start()
        async with site.agent() as agent:
            await until(lambda: len(site.nginx.names) == 2)
            site.tell(checks={"live": "/alive"}, policy={"floor": 100})
            await until(lambda: all("/alive" in backend.asked for backend in found))
            await found[0].stop()
            await until(lambda: site.states(agent)["app-1"] == "held")

    asyncio.run(run())


def test_other_paths_need_a_new_start(site: Site) -> None:
    """It ends by itself, for systemd to start it anew: nothing else knows of both paths."""

    async def run() -> None:
        found = await backends(1)
        site.tell(*named(*found))
        async with site.agent() as agent:
            await until(lambda: agent.page.port)
            site.told["api"] = str(site.root / "other.sock")
            site.tell()
            await until(lambda: any("to be started anew" in line for line in site.lines))

    asyncio.run(run())


def test_a_wrong_file_at_the_start_is_refused(site: Site) -> None:
    """There is nothing to go on with."""
    site.file.write_text("{}")

    with pytest.raises(ConfigurationError, match="must name at least one source"):
        asyncio.run(site.agent().__aenter__())


def test_nginx_may_come_late_go_and_forget(site: Site) -> None:
    """It is told when it is there, told again when it has forgotten; each trouble is one line."""

    async def run() -> None:
        found = await backends(2)
        site.tell(*named(*found))
        async with site.agent() as agent:
            await until(lambda: agent.writer.failures > 1 and site.states(agent)["app-1"] == "up")
            await site.nginx.start()
            await until(lambda: len(site.nginx.names) == 2)
            await site.nginx.restart()
            await until(lambda: len(site.nginx.names) == 2)
            site.nginx.refuses = "no room"
            await found[0].stop()
            await until(lambda: "no room" in agent.writer.error)
            assert "no room" in agent.view().health()
            site.nginx.refuses = ""
            await until(lambda: site.nginx.names == ["app-2"])

    asyncio.run(run())
    lines = [line for line in site.lines if line.startswith("nginx: ")]

    assert 4 == len(lines)
    assert "nginx: well again" == lines[-1]


def test_a_full_disk_does_not_keep_the_dead_in(site: Site) -> None:
    """nginx is told all the same, and the disk when it has room."""

    async def run() -> None:
        found = await backends(3)
        site.tell(*named(*found))
        await site.nginx.start()
        async with site.agent() as agent:
            await until(lambda: len(site.nginx.names) == 3)
            (site.root / ".members.json.new").mkdir()
            await found[0].stop()
            await until(lambda: site.nginx.names == ["app-2", "app-3"])
            assert "directory" in agent.writer.disk_error
            (site.root / ".members.json.new").rmdir()
            await until(lambda: not agent.writer.disk_error)

    asyncio.run(run())

    assert 2 == len(json.loads(site.state.read_text())["members"])


def test_random_answers_change_only_what_they_should(site: Site) -> None:
    """One backend answers noise thousands of times; the two others stay, nothing ends, and it comes back."""
    chance = random.Random(4)
    answers = 0

    async def noise(_: str, stream: world.Stream) -> None:
        nonlocal answers
        answers += 1
        head = chance.choice([b"", b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 503 No\r\nContent-Length: ", b"HTTP/1.1 "])
        stream.write(head + chance.randbytes(chance.randrange(300)))
        if chance.random() < 0.8:
            stream.close()

    async def run() -> None:
        found = await backends(3)
        site.tell(*named(*found), checks={"interval": 0.001, "timeout": 0.05, "ready_interval": 0.001})
        await site.nginx.start()
        async with site.agent() as agent:
            await until(lambda: len(site.nginx.names) == 3)
            given, said = len(site.nginx.puts), len(site.lines)
            found[0].behave = noise
            await until(lambda: answers >= RANDOM_ANSWERS, 120)
            assert {"app-2": "up", "app-3": "up"}.items() <= site.states(agent).items()
            found[0].behave = world.OK
            await until(lambda: len(site.nginx.names) == 3)
        lists = [{member["name"] for member in document["members"]} for document in site.nginx.puts[given:]]
        moved = {line.split()[0] for line in site.lines[said:] if " -> " in line}

        assert lists
        assert [] == [names for names in lists if not names >= {"app-2", "app-3"}]
        assert {"app-1"} == moved

    asyncio.run(run())

    assert all(line.isprintable() for line in site.lines)


def test_a_dns_name_and_an_inventory_together(site: Site) -> None:
    """Each address of the name is a member beside those of the inventory."""
    addresses = ["127.0.0.2"]

    async def resolver(name: str) -> list[str]:
        return addresses

    async def run() -> None:
        found = await backends(1)
        other = await asyncio.start_server(found[0]._serve, "0.0.0.0", 0)
        port = other.sockets[0].getsockname()[1]
        site.tell(*named(*found))
        site.told["membership"].append({"kind": "dns", "name": "app.internal", "port": port, "interval": 0.05})
        site.tell()
        await site.nginx.start()
        async with site.agent(site.world(resolver=resolver)):
            await until(lambda: site.nginx.names == [f"127.0.0.2-{port}", "app-1"])
            addresses.append("127.0.0.3")
            await until(lambda: len(site.nginx.names) == 3)
            addresses.clear()
            await asyncio.sleep(0.4)
            assert 3 == len(site.nginx.names)
        other.close()

    asyncio.run(run())

    assert any("dns app.internal: answered without a member: 2 kept" == line for line in site.lines)


def test_the_full_weight_survives_restarts(site: Site) -> None:
    """nginx's list has the lowered one; while a source fails nobody else knows the full one."""

    async def fails(name: str) -> list[str]:
        raise OSError("no name server")

    async def run() -> list[list[int]]:
        found, given = await backends(2), []
        found[0].behave = world.ready_says(503)
        site.tell(*named(*found))
        await site.nginx.start()

        def weights() -> list[int]:
            return [member["weight"] for member in site.nginx.members]

        async with site.agent():
            await until(lambda: weights() == [10, 100])
        site.told["membership"] = [{"kind": "dns", "name": "app.internal", "port": 80}]
        site.tell()
        count = len(site.nginx.puts)
        for _ in range(2):
            async with site.agent(site.world(resolver=fails)):
                await asyncio.sleep(0.4)
        given = [[member["weight"] for member in document["members"]] for document in site.nginx.puts[count:]]
        async with site.agent(site.world(resolver=fails)):
            found[0].behave = world.OK
            await until(lambda: weights() == [100, 100])
        return given

    assert all(weights == [10, 100] for weights in asyncio.run(run()))


def test_nobody_is_left_out_for_a_shared_dependency(site: Site) -> None:
    """Every backend's readiness fails: the same members, the same weights."""

    async def run() -> None:
        found: list[Backend] = await backends(3)
        site.tell(*named(*found))
        await site.nginx.start()
        async with site.agent() as agent:
            await until(lambda: len(site.nginx.names) == 3)
            for backend in found:
                backend.behave = world.ready_says(503)
            await until(lambda: all(member["ready"] is False for member in agent.view().members()))
            await asyncio.sleep(0.2)
            assert [100] * 3 == [member["weight"] for member in site.nginx.members]

    asyncio.run(run())
