"""What a PUT may say: every rule, and thousands of texts that nobody would write."""

from __future__ import annotations

import copy
import json
import random
import string
from http.client import HTTPResponse
from typing import Any

import pytest

from tests.balancer.conftest import Start
from tests.balancer.site import Local, Site, member
from tests.balancer.texts import GOOD, inputs
from tests.conftest import LONG

INPUTS = 10_000 if LONG else 1_000
NAME = "1 to 128 letters, digits, dots, underscores and hyphens"
PORT, WEIGHT = "a whole number from 1 to 65535", "a whole number from 1 to 1000"
WRONG: list[tuple[str, Any, str]] = [
    *(("name", value, NAME) for value in ("", "a b", "ä", "a" * 129, "a\n", 'a"', "a/b", "a\0", 7, None, True, [], {})),
    *(
        ("address", value, "an IPv4 or IPv6 address")
        for value in (
            *("", "app.internal", "10.0.0", "10.0.0.256", "010.0.0.1", "0x0a.0.0.1", "10.0.0.1 ", "10.0.0.1:80"),
            *("[::1]", "::1%lo", ":::1", "1::2::3", "10.0.0.1\0", "10.0.0.1\0.x", "unix:/run/x.sock", "-1", "1" * 60),
            *(167772161, None, False, [], {}),
        )
    ),
    *(("port", value, PORT) for value in (0, 65536, -1, 80.5, "80", None, True, [80], {}, 1e300)),
    *(("weight", value, WEIGHT) for value in (0, 1001, -5, 0.5, "100", None, False, [], {})),
    *(("backup", value, "true or false") for value in (0, 1, "true", None, [], {})),
    *(("since", value, "seconds since 1970, or 0") for value in (-1, "0", None, True, [], {}, 1e300)),
    *(("slow_start", value, "seconds, or 0") for value in (-0.1, "30", None, True, [], {}, 1e300)),
]
DOCUMENTS = {
    "nothing": b"",
    "no JSON": b"members",
    "a string": b'"members"',
    "a number": b"7",
    "null": b"null",
    "a list": b"[]",
    "an empty object": b"{}",
    "no members": b'{"generation": 1}',
    "members null": b'{"generation": 1, "members": null}',
    "members empty": b'{"generation": 1, "members": []}',
    "members an object": b'{"generation": 1, "members": {"1": {"name": "a", "address": "10.0.0.1", "port": 1}}}',
    "a member a number": b'{"generation": 1, "members": [7]}',
    "a member null": b'{"generation": 1, "members": [null]}',
    "a member a list": b'{"generation": 1, "members": [["a", "10.0.0.1", 80]]}',
    "infinite": b'{"generation": 1, "members": [{"name": "a", "address": "10.0.0.1", "port": 1, "since": 1e999}]}',
    "not a number": b'{"generation": 1, "members": [{"name": "a", "address": "10.0.0.1", "port": NaN}]}',
    "hexadecimal": b'{"generation": 1, "members": [{"name": "a", "address": "10.0.0.1", "port": 0x50}]}',
    "deep": b"[" * 100_000,
    "two documents": json.dumps(GOOD).encode() * 2,
    "UTF-16": json.dumps(GOOD).encode("utf-16"),
    "a byte order mark": b"\xef\xbb\xbf" + json.dumps(GOOD).encode(),
}


def with_field(field: str, value: Any) -> bytes:
    document = copy.deepcopy(GOOD)
    document["members"][1][field] = value
    return json.dumps(document).encode()


@pytest.fixture
def site(start: Start) -> Site:
    site = start(workers=1)
    site.put(GOOD["members"], 12)
    return site


def refused(site: Site, body: bytes) -> str:
    """The sentence, after a look at whether anything has changed."""
    before = site.get()
    status, answer = site.ask("PUT", body=body)

    assert 400 == status
    assert {"error"} == set(answer)
    assert before == site.get()
    return str(answer["error"])


def test_each_rule(site: Site) -> None:
    """A value that a field does not allow: 400 with the member, the field and what is allowed; nothing changes."""
    for field, value, allowed in WRONG:
        sentence = refused(site, with_field(field, value))

        assert sentence.startswith(f"members[1].{field} is "), sentence
        assert sentence.endswith(f", allowed is {allowed}"), sentence
        assert sentence.isprintable()
        assert len(sentence) < 220


@pytest.mark.parametrize("field", ["name", "address", "port"])
def test_a_field_that_must_be_there(site: Site, field: str) -> None:
    """Left out, it is refused by name."""
    document = copy.deepcopy(GOOD)
    del document["members"][1][field]

    assert refused(site, json.dumps(document).encode()).startswith(f"members[1].{field} is missing, allowed is ")


def test_unknown_fields(site: Site) -> None:
    """A misspelt field is refused, not ignored."""
    assert "members[1] has the unknown field 'wieght'" == refused(site, with_field("wieght", 1))
    assert "the body has the unknown field 'more'" == refused(site, json.dumps(GOOD | {"more": 1}).encode())


@pytest.mark.parametrize("generation", [None, "1", -1, 1.5, True, [], 1e300])
def test_generations(site: Site, generation: Any) -> None:
    """A generation is a whole number."""
    assert "'generation'" in refused(site, json.dumps(GOOD | {"generation": generation}).encode())


@pytest.mark.parametrize("body", DOCUMENTS.values(), ids=DOCUMENTS)
def test_documents(site: Site, body: bytes) -> None:
    """What is no membership at all is refused with a sentence."""
    assert refused(site, body)


@pytest.mark.parametrize(
    ("first", "second"), [("10.0.0.1", "10.0.0.1"), ("::1", "0:0::0:1"), ("2001:DB8::A", "2001:db8::a")]
)
def test_no_place_twice(site: Site, first: str, second: str) -> None:
    """However its address is written; another port is another place."""
    body = {"generation": 1, "members": [member(first, 80), member(second, 80)]}

    assert "members[1] has the place " in refused(site, json.dumps(body).encode())

    site.put([member(first, 80), member(second, 81)])


def test_a_body_that_is_too_large(site: Site) -> None:
    """More than any membership can be is not even read."""
    status = site.ask("PUT", body=b" " * 1_000_000)[0]
    connection = Local(site.socket)
    connection.putrequest("PUT", "/members")
    connection.putheader("Content-Length", "99000000")
    connection.endheaders()

    assert (400, 413) == (status, connection.getresponse().status)
    assert 12 == site.get()["generation"]


def test_a_body_in_chunks(site: Site) -> None:
    """A client that does not say the length is understood, too."""
    connection = Local(site.socket)
    body = json.dumps(GOOD | {"generation": 13}).encode()
    connection.request("PUT", "/members", iter([body[:40], body[40:]]), encode_chunked=True)

    assert 200 == connection.getresponse().status
    assert 13 == site.get()["generation"]


def keeps_the_rules(state: dict[str, Any]) -> bool:
    places = {(entry["address"], entry["port"]) for entry in state["members"]}
    return len(places) == len(state["members"]) >= 1 and all(
        0 < len(entry["name"]) <= 128
        and set(entry["address"]) <= set(string.hexdigits + ".:")
        and entry["port"] in range(1, 65536)
        and entry["weight"] in range(1, 1001)
        and isinstance(entry["backup"], bool)
        and entry["since"] >= 0
        and entry["slow_start"] >= 0
        for entry in state["members"]
    )


def exchange(connection: Local, method: str, body: bytes | None = None) -> tuple[int, Any]:
    connection.request(method, "/members", body)
    answer: HTTPResponse = connection.getresponse()
    return answer.status, json.loads(answer.read())


def test_nobody_breaks_it(site: Site) -> None:
    """Random and mutated texts: each is a membership by all rules and in force, or refused and changes nothing."""
    rng, connection, taken = random.Random(20), Local(site.socket), 0
    state = exchange(connection, "GET")[1]
    worker = site.workers()
    for body in inputs(rng, INPUTS):
        status, answer = exchange(connection, "PUT", body)
        now = exchange(connection, "GET")[1]
        if status == 200:
            taken += 1

            assert keeps_the_rules(now), body
            assert answer == {"generation": now["generation"]}
        else:
            assert 400 == status
            assert answer["error"].isprintable()
            assert state["members"] == now["members"], body
        state = now

    assert 0 < taken < INPUTS / 4
    assert worker == site.workers()
    assert [] == [line for line in site.errors() if "membership file" not in line]
