"""Memberships that a balancer is told: a good one, and thousands that nobody would write."""

from __future__ import annotations

import json
import random
import string
from collections.abc import Callable, Iterator
from typing import Any

from tests.balancer.site import member

GOOD = {
    "generation": 12,
    "members": [
        member("10.0.1.11", 8000, since=1760000000.5, slow_start=30),
        member("10.0.1.12", 8000, weight=1000, backup=True),
        member("2001:db8::7", 65535, name="app_2.x-Y"),
    ],
}
ODD: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 1, 1e-9, 2**31, 2**53, 2**64, 1e308, [], {}, [[]], [{}], {"name": "a"}),
    *("", "0", "\0", "\ud800", "💧", "a" * 5000, "127.0.0.1", "::", "' OR 1=1", "%s%n", "../../x", "\r\nPUT /x"),
)


def flipped(rng: random.Random, text: bytes) -> bytes:
    changed = bytearray(text)
    for _ in range(rng.randint(1, 8)):
        changed[rng.randrange(len(changed))] ^= 1 << rng.randrange(8)
    return bytes(changed)


def cut(rng: random.Random, text: bytes) -> bytes:
    begin, end = sorted(rng.randrange(len(text)) for _ in range(2))
    return text[:begin] + text[end:]


def doubled(rng: random.Random, text: bytes) -> bytes:
    begin, end = sorted(rng.randrange(len(text)) for _ in range(2))
    return text[:end] + text[begin:]


def noise(rng: random.Random, text: bytes) -> bytes:
    return rng.randbytes(rng.randint(0, 400))


def tokens(rng: random.Random, text: bytes) -> bytes:
    words = ["{", "}", "[", "]", ":", ",", '"', "null", "true", "1e9", "-", '"members"', '"generation"', '"name"', " "]
    return "".join(rng.choice(words) for _ in range(rng.randint(1, 60))).encode()


def odd_value(rng: random.Random, text: bytes) -> bytes:
    document = json.loads(text)
    place = rng.choice([document, *document["members"]])
    place[rng.choice([*place, "".join(rng.choices(string.printable, k=3))])] = rng.choice(ODD)
    return json.dumps(document, ensure_ascii=rng.random() < 0.5).encode(errors="surrogatepass")


MUTATIONS: tuple[Callable[[random.Random, bytes], bytes], ...] = (flipped, cut, doubled, noise, tokens, odd_value)


def inputs(rng: random.Random, number: int) -> Iterator[bytes]:
    text = json.dumps(GOOD).encode()
    for _ in range(number):
        yield rng.choice(MUTATIONS)(rng, text)
