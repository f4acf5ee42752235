"""The door of the lab's cloud: each call is noted, checked against the contract, and answered by whoever knows."""

from __future__ import annotations

import logging
import os
import socket
import struct
import time
from collections.abc import Iterable
from typing import Any

from slackwater.lab.cloud import desk
from slackwater.lab.cloud.contract import OPERATIONS
from slackwater.lab.cloud.errors import AwsError
from slackwater.lab.cloud.faults import Fault, Faults
from slackwater.lab.cloud.levers import Levers
from slackwater.lab.cloud.moto import LOCK, Moto
from slackwater.lab.cloud.region import Region
from slackwater.lab.cloud.wire.answer import Answer, known, refusal
from slackwater.lab.cloud.wire.called import Called, called
from slackwater.lab.cloud.wire.shapes import misshapen

log = logging.getLogger("slackwater.lab.cloud")

CUT, OK = Answer(None, b""), 200
AT_ONCE = struct.pack("ii", 1, 0)
"""To linger for 0 s: what is closed then is reset, where else it would end in order."""
# moto's own switches, one of which wipes every cloud of the process, and its one fake instance's metadata.
NOT_AWS = ("/moto-api", "/latest/")
LIFECYCLE = ("CompleteLifecycleAction", "RecordLifecycleActionHeartbeat")


class Front:
    """A WSGI application."""

    def __init__(self, moto: Moto, regions: dict[str, Region], make_region: Any) -> None:
        self.moto, self.regions, self.make_region = moto, regions, make_region
        self.faults, self.levers = Faults(), Levers(moto, regions[next(iter(regions))])
        self.calls: list[tuple[str, str]] = []
        self.uncovered: list[tuple[str, str]] = []
        self.misshapen: list[tuple[str, str, str]] = []
        self.lifecycle_calls: list[tuple[str, dict[str, str]]] = []

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        if environ["PATH_INFO"].startswith(desk.PATH):
            answer = desk.answer(self.levers, environ)
            start_response(f"{answer.status} .", answer.headers)
            return [answer.body]
        call = called(environ)
        self._note(call)
        fault = self.faults.take(call.service, call.operation)
        answer = self._faulty(fault, call, environ) if fault else self._answer(call, environ)
        if answer.status is None:
            return _cut(environ, start_response)
        start_response(f"{answer.status} .", answer.headers)
        return [b"" if environ["REQUEST_METHOD"] == "HEAD" else answer.body]

    def _note(self, call: Called) -> None:
        self.calls.append((call.service, call.operation))
        if call.operation in LIFECYCLE:
            self.lifecycle_calls.append((call.operation, dict(call.form)))

    def _faulty(self, fault: Fault, call: Called, environ: dict[str, Any]) -> Answer:
        if fault.seconds is not None:
            time.sleep(fault.seconds)
            return self._answer(call, environ)
        if fault.body is not None:
            return Answer(fault.status, fault.body, [("Content-Type", "text/xml")])
        if fault.after:
            self._answer(call, environ)
        return refusal(fault.error(), call.protocol) if fault.code else CUT

    def _answer(self, call: Called, environ: dict[str, Any]) -> Answer:
        """What no client of AWS could read is noted; a test that wants such an answer asks for a fault."""
        answer = self._said(call, environ)
        if call.operation in OPERATIONS.get(call.service, ()):
            self.misshapen += [(call.service, call.operation, fault) for fault in misshapen(call, answer)]
        return answer

    def _said(self, call: Called, environ: dict[str, Any]) -> Answer:
        try:
            return self._answer_if_covered(call, environ)
        except AwsError as error:
            return refusal(error, call.protocol)
        # So wide because moto raises whatever its books run into (KeyError, NotImplementedError, …). Past here the web
        # server would answer with a page that botocore cannot read, and the log would not say which call it was.
        except Exception:
            log.exception("%s.%s", call.service, call.operation)
            return refusal(AwsError("InternalFailure", "the lab's cloud failed; see its log", 500), call.protocol)

    def _answer_if_covered(self, call: Called, environ: dict[str, Any]) -> Answer:
        own_path = environ["PATH_INFO"].startswith(NOT_AWS)
        if own_path or call.operation not in OPERATIONS.get(call.service, ()):
            self.uncovered.append((call.service, call.operation))
            raise AwsError("InvalidAction", f"the lab's cloud does not answer for {call.service} {call.operation}")
        with LOCK:
            region = self._region(call.region)
            if own := region.answer(call):
                return own
            answer = self._ask_moto(environ)
            region.notice(call)
            return known(call, answer) if answer.status == OK else answer

    def _region(self, name: str) -> Region:
        if name not in self.regions:
            self.regions[name] = self.make_region(name)
        return self.regions[name]

    def _ask_moto(self, environ: dict[str, Any]) -> Answer:
        said: list[Any] = []
        chunks = self.moto(environ, lambda status, headers, *_: said.append((status, headers)))
        status, headers = said[-1]
        kept = [(name, value) for name, value in headers if name.lower() != "connection"]
        return Answer(int(status.split()[0]), b"".join(chunks), kept)


def _cut(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    """The client's connection is reset; the server is left with one in its place that has ended."""
    connection, (ours, theirs) = environ["werkzeug.socket"], socket.socketpair()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, AT_ONCE)
    with ours, theirs:
        os.dup2(ours.fileno(), connection.fileno(), inheritable=False)
    start_response("500 .", [])
    return []
