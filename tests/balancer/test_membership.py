"""The membership: where it is kept, what changes it, and what does not."""

from __future__ import annotations

import json
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from slackwater.lab.load import Load, running
from tests.balancer.backends import Backends
from tests.balancer.conftest import Start
from tests.balancer.site import member
from tests.conftest import LONG


def write(file: Path, members: list[dict[str, Any]], generation: int = 7) -> None:
    file.write_text(json.dumps({"generation": generation, "members": members}))


def test_get_answers_what_was_put(start: Start) -> None:
    """Every field as it was, and the counters beside it."""
    site = start()
    whole = member("10.0.1.11", 8000, weight=7, backup=True, since=1760000000.25, slow_start=30)
    site.put([whole], 12)
    counters = {"in_flight": 0, "requests": 0, "failures": 0, "ejected": False}

    assert {"generation": 12, "members": [whole | counters], "leaving": []} == site.get()


def test_fields_that_may_be_left_out(start: Start) -> None:
    """Weight 100, no backup, no ramp."""
    site = start()
    site.put([{"name": "a", "address": "10.0.1.11", "port": 8000}])
    (found,) = site.get()["members"]

    assert (100, False, 0, 0) == tuple(found[field] for field in ("weight", "backup", "since", "slow_start"))


@pytest.mark.parametrize("method", ["POST", "DELETE", "PATCH", "OPTIONS"])
def test_other_methods(start: Start, method: str) -> None:
    """405 with a sentence."""
    status, answer = start().ask(method, body=b"{}")

    assert (405, {"error": "only GET and PUT are answered here"}) == (status, answer)


@pytest.mark.parametrize("path", ["/", "/members/", "/members/1", "/state"])
def test_other_paths(start: Start, path: str) -> None:
    """404 with a sentence, whatever the method."""
    site = start()

    assert {(404, "only /members and /closing are answered here")} == {
        (status, answer["error"]) for status, answer in (site.ask(method, path) for method in ("GET", "PUT"))
    }


def test_the_api_is_not_on_the_front(start: Start, apps: Backends) -> None:
    """A client's PUT to /members is a request to the app."""
    site, backend = start(), apps.add("127.0.0.11")
    site.put([member("127.0.0.11", apps.port)], 3)
    body = json.dumps({"generation": 9, "members": [member("127.0.0.66", 1)]}).encode()

    assert (200, "127.0.0.11") == site.request("PUT", "/members", body)
    assert ["PUT /members"] == backend.asked
    assert 3 == site.get()["generation"]


def test_the_file_is_loaded_before_the_first_request(make: Start, apps: Backends) -> None:
    """A start serves at once what the agent last wrote."""
    site, _ = make(), apps.add("127.0.0.11")
    write(site.file, [member("127.0.0.11", apps.port)])
    site.begin()

    assert (200, "127.0.0.11") == site.request()
    assert 7 == site.get()["generation"]
    assert [] == site.errors()


def test_a_restart(start: Start, apps: Backends) -> None:
    """What was put and not written is gone; what was written is there."""
    site, _ = start(), apps.several(2)
    site.put([member("127.0.0.11", apps.port)], 8)
    write(site.file, [member("127.0.0.12", apps.port)], 9)
    site.stop()
    site.begin()

    assert (9, (200, "127.0.0.12")) == (site.get()["generation"], site.request())


def test_a_crash(start: Start, apps: Backends) -> None:
    """Killed as a whole, nginx starts again once the socket it left is removed, with its members."""
    site, _ = start(), apps.several(1)
    write(site.file, [member("127.0.0.11", apps.port)])
    site.kill()

    assert site.socket.exists()

    site.socket.unlink()
    site.begin()

    assert (200, "127.0.0.11") == site.request()


def test_a_reload_keeps_what_was_put(start: Start, apps: Backends) -> None:
    """The file is older then, and is not read."""
    site, _ = start(), apps.several(2)
    write(site.file, [member("127.0.0.12", apps.port)], 7)
    site.put([member("127.0.0.11", apps.port)], 8)
    site.reload()

    assert 8 == site.get()["generation"]
    assert {(200, "127.0.0.11")} == {site.request() for _ in range(10)}


BROKEN = {
    "missing": None,
    "empty": b"",
    "cut off": b'{"generation": 1, "members": [{"name": "a", "addr',
    "no member": b'{"generation": 1, "members": []}',
    "a rule broken": b'{"generation": 1, "members": [{"name": "a", "address": "app.internal", "port": 80}]}',
    "binary": bytes(range(256)) * 40,
    "too large": b'{"generation": 1, "members": [' + b" " * 5_000_000 + b"]}",
}


@pytest.mark.parametrize("text", BROKEN.values(), ids=BROKEN)
def test_a_file_that_cannot_be_used(make: Start, apps: Backends, text: bytes | None) -> None:
    """nginx starts with no member and says why in one line; the agent's PUT ends that."""
    site, _ = make(), apps.several(1)
    if text is not None:
        site.file.write_bytes(text)
    site.begin()

    assert {"generation": 0, "members": [], "leaving": []} == site.get()
    assert 503 == site.request()[0]

    (line,) = (line for line in site.errors() if "membership file" in line)

    assert "no members until the agent sends some; the membership file cannot be used" in line
    assert str(site.file) in line
    assert len(line) < 500
    assert line.isprintable()

    site.put([member("127.0.0.11", apps.port)])

    assert (200, "127.0.0.11") == site.request()


def test_a_directory_in_its_place(make: Start) -> None:
    """The same."""
    site = make()
    site.file.mkdir()
    site.begin()

    assert [] == site.get()["members"]


def test_a_change_each_tenth_of_a_second(start: Start, apps: Backends) -> None:
    """Joins and leaves under load, kept connections at both ends: 0 lost, and each change is in force at once."""
    site, five, seconds = start(), apps.several(5, delay=0.01), 30 if LONG else 3
    everyone = [member(backend.address, apps.port) for backend in five]
    site.put(everyone)
    generation = 1
    with running(Load(site.url, rate=200, seconds=seconds, posts=0.3, keepalive=1)) as traffic:
        end = time.monotonic() + seconds - 0.5
        while time.monotonic() < end:
            generation += 1
            site.put(everyone[: 1 + generation % 5] + [everyone[4]] * (generation % 5 < 4), generation)
            time.sleep(0.1)
    result = traffic.stop()

    assert generation > seconds * 3
    assert Counter() == result.lost
    site.idle()


def test_nothing_new_goes_to_who_left(start: Start, apps: Backends) -> None:
    """The very next request after the PUT's answer, in whichever worker, knows it."""
    site, two = start(workers=4), apps.several(2)
    for _ in range(30):
        site.put(member(backend.address, apps.port) for backend in two)
        site.put([member(two[0].address, apps.port)])

        assert two[0].address == site.request()[1]


def test_five_thousand_members(start: Start) -> None:
    """The most that is allowed, with the longest names, several times over; one more is refused."""
    site = start()
    many = [
        member(f"10.1.{number // 250}.{number % 250}", 8000, name=f"{number:0128}", since=1760000000.5, slow_start=30)
        for number in range(5001)
    ]
    for generation in range(1, 5):
        site.put(many[:5000], generation)

        assert (generation, 5000) == (site.get()["generation"], len(site.get()["members"]))

    status, answer = site.ask("PUT", body=json.dumps({"generation": 9, "members": many}).encode())

    assert (400, "'members' must be a list of 1 to 5000 members") == (status, answer["error"])
    assert 4 == site.get()["generation"]
