"""Apply: carries out the calls of a plan in their order. It decides nothing; what failed is told with what was done."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import IO, Any

from slackwater.aws.call import Call, Joined, Ref, Upload, Wait
from slackwater.aws.clients import CODES, DENIED, Clients, explained
from slackwater.errors import CloudError

AGAIN_LIMIT = 120
"""Seconds: how long an error is tried again that a call says passes by itself, such as news that AWS's parts have not
heard of each other yet. For ever would hide one that does not pass."""
AGAIN_PAUSE = 3
"""Seconds between such attempts: AWS throttles whoever asks faster."""
UNANSWERED = 300
"""Seconds without an answer until a wait ends: one of hours must not end because AWS, or the network, was away for a
moment; for ever would hide that it is."""
FINAL = {*DENIED, *CODES}
"""What no waiting mends: access that is denied, credentials that have expired."""

Say = Callable[[str], None]
"""Told each step before it is taken: "3/7 autoscaling create_auto_scaling_group: new"."""


def apply(calls: Sequence[Call], clients: Clients, say: Say, sleep: Callable[[float], None] = time.sleep) -> None:
    """Raises CloudError with service, method, reason and what was done so far; running again goes on from there."""
    run = Run(clients, say, sleep)
    for index, call in enumerate(calls):
        say(f"{index + 1}/{len(calls)} {call.name}: {call.reason}")
        with _told(calls, index):
            run.carry_out(call)


@dataclass
class Run:
    """`given` is what the calls so far have given, by key."""

    clients: Clients
    say: Say
    sleep: Callable[[float], None]
    given: dict[str, Any] = field(default_factory=dict)

    def carry_out(self, call: Call) -> None:
        until = time.monotonic() + AGAIN_LIMIT
        while True:
            try:
                self.given |= _given(call, self._ask(call, call.method, call.arguments))
                break
            except CloudError as error:
                if not passes(call, error) or time.monotonic() > until:
                    raise
                self.say(f"… {error.code}, which passes by itself")
                self.sleep(AGAIN_PAUSE)
        for wait in (call.wait,) if call.wait else ():
            self.wait(call, wait)

    def wait(self, call: Call, wait: Wait) -> None:
        found, heard = None, time.monotonic()
        for _ in range(max(1, round(wait.limit / wait.every))):
            try:
                found = _search(wait.query, self._ask(call, wait.method, wait.arguments))
            except CloudError as error:
                if error.code in wait.gone:
                    return
                if error.code in FINAL or time.monotonic() - heard > UNANSWERED:
                    raise
                self.say(f"… {wait.what}: asked again, for {error}")
            else:
                if found == wait.until:
                    return
                heard = time.monotonic()
                self.say(f"… {wait.what}: {found}")
            self.sleep(wait.every)
        raise CloudError(f"{call.name}: {wait.what}: not within {wait.limit} s, the last look said {found}")

    def _ask(self, call: Call, method: str, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
        with explained(f"{call.service} {method}"), _resolved(arguments, self.given) as words:
            reply: Mapping[str, Any] = getattr(self.clients.service(call.service), method)(**words)
        return reply


def passes(call: Call, error: CloudError) -> bool:
    """Whether the call names this error as one that passes by itself."""
    named = (entry.partition(": ") for entry in call.again)
    return any(error.code == name and words.lower() in str(error).lower() for name, _, words in named)


def _given(call: Call, reply: Mapping[str, Any]) -> dict[str, Any]:
    found = {key: _search(query, reply) for key, query in call.gives.items()}
    if missing := [query for key, query in call.gives.items() if found[key] is None]:
        raise CloudError(f"{call.name}: AWS's answer lacks {', '.join(missing)}")
    return found


def _search(query: str, reply: Mapping[str, Any]) -> Any:
    import jmespath  # type: ignore[import-untyped]

    return jmespath.search(query, reply)


@contextmanager
def _told(calls: Sequence[Call], index: int) -> Iterator[None]:
    """A failure, and an interruption as well, ends with what was done."""
    try:
        yield
    except CloudError as error:
        raise CloudError(story(calls, index, str(error)), error.code) from error
    except KeyboardInterrupt:
        raise CloudError(story(calls, index, "interrupted; AWS may have carried it out")) from None


def story(calls: Sequence[Call], index: int, error: str) -> str:
    """Which call ended how, what was done before it, and what was not."""
    call = calls[index]
    done = [f"  done: {call.name}: {call.reason}" for call in calls[:index]]
    left = [f"  not done: {call.name}: {call.reason}" for call in calls[index + 1 :]]
    far = [*(done or ["  nothing was done before"]), *left]
    head = f"{call.name} ({call.reason}) failed: {error.removeprefix(f'{call.name}: ')}"
    return "\n".join([head, *far, "Run it again: it goes on from what AWS holds."])


@contextmanager
def _resolved(arguments: Mapping[str, Any], given: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The arguments as boto3 takes them; files are open meanwhile."""
    files: list[IO[bytes]] = []
    try:
        yield {key: resolve(value, given, files) for key, value in arguments.items()}
    finally:
        for file in files:
            file.close()


def resolve(value: Any, given: Mapping[str, Any], files: list[IO[bytes]]) -> Any:
    """A value with what it refers to in place of the reference; files that it opens are added to `files`."""
    match value:
        case Ref():
            text = given[value.key]
            return text.rpartition(value.after)[2] if value.after else text
        case Joined():
            return "".join(str(resolve(part, given, files)) for part in value.parts)
        case Upload():
            return _opened(value, files)
        case Mapping():
            return {key: resolve(one, given, files) for key, one in value.items()}
        case list() | tuple():
            return [resolve(one, given, files) for one in value]
    return value


def _opened(upload: Upload, files: list[IO[bytes]]) -> IO[bytes]:
    """The file must still be what was planned: else instances would refuse a bundle that lies under another's name."""
    try:
        file = upload.path.open("rb")
    except OSError as error:
        raise CloudError(f"{upload.path} cannot be read: {error.strerror}; plan again") from error
    files.append(file)
    if hashlib.file_digest(file, "sha256").hexdigest() != upload.sha256:
        raise CloudError(f"{upload.path} has changed since the plan was made: plan again")
    file.seek(0)
    return file
