"""An HTTP answer, read as it comes and never further than to a bound."""

from __future__ import annotations

import re
from dataclasses import dataclass

LONGEST_HEAD = 16 * 1024
"""Bytes: a head without an end must not be kept for ever."""
LONGEST = 64 * 1024
"""Bytes of an answer that are looked at; what comes after is not read."""

LONGEST_SIZE = 256
"""Bytes of the line that says how long a chunk is."""

_STATUS = re.compile(rb"HTTP/1\.([01]) ([1-5][0-9]{2})(?: [^\r\n]*)?")
_FIELD = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_SIZE = re.compile(rb"([0-9A-Fa-f]{1,8})[ \t]*(?:;[^\r\n]*)?")
_LENGTH = re.compile(rb"[0-9]{1,12}")


class GarbageError(Exception):
    """What came is no HTTP answer; says what is wrong with it."""


@dataclass(frozen=True, slots=True)
class Answer:
    """`keep` says that the connection may be used again: all was read, and nobody wants to close it."""

    status: int
    headers: dict[bytes, bytes]
    body: bytes
    keep: bool


class Reader:
    """Give it what comes: `feed` answers None until the answer is whole. `end` is the end of the connection."""

    __slots__ = ("_at", "_body", "_chunked", "_held", "_keep", "_length", "_most", "headers", "heard", "status")

    def __init__(self, most: int = LONGEST) -> None:
        self._held, self._at, self._most = bytearray(), 0, most
        self.status, self.headers = 0, dict[bytes, bytes]()
        self._length: int | None = None
        self._chunked = self._keep = self.heard = False
        self._body = bytearray()

    @property
    def stage(self) -> str:
        """What is missing."""
        if self.status:
            return "no whole answer"
        return "no whole head" if self.heard else "no answer"

    def feed(self, data: bytes) -> Answer | None:
        self._held += data
        self.heard = True
        while not self.status:
            if not self._head():
                return None
        return self._chunks() if self._chunked else self._plain()

    def end(self) -> Answer:
        """An answer of no told length ends with the connection; any other was cut off."""
        if not self.status:
            raise GarbageError("closed before the head was whole" if self.heard else "closed without an answer")
        if self._chunked or self._length is not None:
            raise GarbageError("closed before the answer was whole")
        return self._answer(bytes(self._held), keep=False)

    def _head(self) -> bool:
        end = self._held.find(b"\r\n\r\n", max(0, self._at - 3))
        if end < 0:
            self._at = len(self._held)
            if self._at > LONGEST_HEAD or (self._at >= 5 and not self._held.startswith(b"HTTP/")):
                raise GarbageError(f"{bytes(self._held[:40])!r}")
            return False
        if end > LONGEST_HEAD:
            raise GarbageError("the head is too long")
        lines = bytes(self._held[:end]).split(b"\r\n")
        del self._held[: end + 4]
        self._at = 0
        self._understand(lines)
        return True

    def _understand(self, lines: list[bytes]) -> None:
        found = _STATUS.fullmatch(lines[0])
        if not found:
            raise GarbageError(f"{lines[0][:40]!r}")
        status = int(found[2])
        headers = _fields(lines[1:])
        if status < 200:
            return  # an interim answer; the one that counts comes after it
        self.status, self.headers = status, headers
        said = headers.get(b"connection", b"").lower()
        self._keep = b"close" not in said if found[1] == b"1" else b"keep-alive" in said
        self._chunked = headers.get(b"transfer-encoding", b"").lower() == b"chunked"
        if status in (204, 304):
            self._length, self._chunked = 0, False
        elif not self._chunked:
            self._length = _length(headers)

    def _plain(self) -> Answer | None:
        if self._length is not None and len(self._held) >= self._length:
            whole = len(self._held) == self._length
            return self._answer(bytes(self._held[: min(self._length, self._most)]), keep=whole)
        if len(self._held) >= self._most:
            return self._answer(bytes(self._held[: self._most]), keep=False)
        return None

    def _chunks(self) -> Answer | None:
        """Takes whole chunks off what is held; the size of the one that is under way is read again each time."""
        while True:
            end = self._held.find(b"\r\n", 0, LONGEST_SIZE)
            if end < 0 and len(self._held) < LONGEST_SIZE:
                return self._enough()
            found = _SIZE.fullmatch(bytes(self._held[: max(end, 0)]))
            if not found:
                raise GarbageError(f"a chunk begins with {bytes(self._held[:40])!r}")
            size = int(found[1], 16)
            if not size:
                return self._last(end)
            if len(self._held) < end + size + 4:
                return self._enough()
            if self._held[end + 2 + size : end + 4 + size] != b"\r\n":
                raise GarbageError("a chunk is longer than it says")
            self._body += self._held[end + 2 : end + 2 + size]
            del self._held[: end + 4 + size]

    def _last(self, end: int) -> Answer | None:
        """After the chunk of no length come trailers, mostly none, and an empty line."""
        done = self._held.find(b"\r\n\r\n", end)
        if done < 0:
            return self._enough()
        return self._answer(bytes(self._body), keep=done + 4 == len(self._held))

    def _enough(self) -> Answer | None:
        if len(self._body) + len(self._held) < self._most:
            return None
        return self._answer(bytes(self._body + self._held)[: self._most], keep=False)

    def _answer(self, body: bytes, *, keep: bool) -> Answer:
        return Answer(self.status, self.headers, body, keep and self._keep)


def _fields(lines: list[bytes]) -> dict[bytes, bytes]:
    fields: dict[bytes, bytes] = {}
    for line in lines:
        name, colon, value = line.partition(b":")
        key, value = name.lower(), value.strip()
        if not colon or not _FIELD.fullmatch(name):
            raise GarbageError(f"a header is {line[:40]!r}")
        if key == b"content-length" and fields.get(key, value) != value:
            raise GarbageError("two lengths")
        fields[key] = value
    return fields


def _length(headers: dict[bytes, bytes]) -> int | None:
    said = headers.get(b"content-length")
    if said is None:
        return None
    if not _LENGTH.fullmatch(said):
        raise GarbageError(f"its length is {said[:40]!r}")
    return int(said)
