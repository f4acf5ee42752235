"""How a new instance's boot ends: it proves that it serves, tells the group, and leaves a report in the store."""

from __future__ import annotations

import http.client
import json
import re
import ssl
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from .signed import NONSENSE, Aws, Metadata, RefusedError

BEATS = 3
"""Heartbeats within the hook's own timeout: two may be lost, and the group still waits."""
ENDING = 60.0
"""Seconds after the deadline in which the group is told: without them it would wait for its own timeout."""
PROOFS = 3
"""Ready answers in a row: one might be the last of something that dies."""
PAUSE = 0.5
"""Seconds between them."""
ANSWER_LIMIT = 10
"""Seconds: a balancer would have given up on the host by then."""
STATUS_LIMIT = 60
"""Seconds: the host's own command looks at a dozen files and asks the app twice."""
LOOKS, LOOK_PAUSE = 5, 3.0
"""Looks at what the host's own command says, and seconds between them: a busy host is slow, some work ends."""
WORD_LIMIT = 5.0
"""Seconds for telling the group once: what was proved before them may no longer be the proved release."""
REPORT_LIMIT = 10.0
"""Seconds: a store that refuses, or does not answer, must not keep the group waiting."""
WARM_LIMIT = 5.0
"""Seconds for asking whether a warm pool waits: proving once more is harmless, not proving is not."""
COMPLETE_PAUSE = 2.0
"""Seconds between attempts to tell the group, which takes no word before it has begun to wait."""
WAITING = {"Pending", "Pending:Wait", "Warmed:Pending", "Warmed:Pending:Wait"}
LEAST_SECRET = 6
"""Characters: a shorter value would be found in words that are none."""
SECRETS = "etc/slackwater/*/*/secrets/*"


class UnprovedError(Exception):
    """It does not serve; the text says what it answers."""


class MovedError(UnprovedError):
    """It serves, but not the release that the fleet is meant to run."""


@dataclass(frozen=True)
class End:
    """`reason` is empty when the instance serves; `phases` are seconds by step."""

    instance: str
    step: str
    reason: str
    release: str | None
    phases: Mapping[str, float]
    log: Sequence[str]

    @property
    def result(self) -> str:
        return "ABANDON" if self.reason else "CONTINUE"


def proof(aws: Aws, declared: Mapping[str, Any]) -> str | None:
    """Ready through the instance's own nginx, several times in a row. The release that serves; None without an app.

    Workers have no nginx: by their host's own word they consume.

    UnprovedError when it is not by the deadline, MovedError when another one is proved.
    """
    app, name = declared["app"], _name(declared)
    if name is None:
        return None
    if app is not None:
        _await_ready(aws, app)
    release = _live(name, aws.deadline)
    _compare(aws, declared, release)
    return release


def _name(declared: Mapping[str, Any]) -> str | None:
    """Of the app that the instance serves, or whose tasks it carries out."""
    app = declared["app"]
    return str(app["name"]) if app else declared.get("worker")


def _await_ready(aws: Aws, app: Mapping[str, Any]) -> None:
    row, answer = 0, ""
    while row < PROOFS:
        answer = _ready(app)
        row = 0 if answer else row + 1
        if answer and time.monotonic() > aws.deadline:
            raise UnprovedError(f"its own nginx does not answer that it is ready: {answer}")
        time.sleep(PAUSE)


def arrive(
    aws: Aws, told: Mapping[str, Any], instance: str, declared: Mapping[str, Any], *, mark: Path, grace: float = ENDING
) -> str | None:
    """Proves it and tells the group, each time after a look at what is proved now. `mark` ends all further arrivals.

    MovedError when another release was proved meanwhile, UnprovedError when the group could not be told in time.
    """
    release, warmed = proof(aws, declared), is_warmed(aws.metadata)
    late = replace(aws, deadline=max(aws.deadline, time.monotonic() + grace))
    if told.get("launch_hook"):
        _tell(late, action(told, instance), "CONTINUE", lambda: _compare(late, declared, release))
    if not warmed:
        with suppress(OSError):  # it serves: a full disk costs no more than another proof at the next boot
            mark.write_text(instance)
    return release


def give_up(aws: Aws, told: Mapping[str, Any], end: End) -> None:
    """The report comes first: the group ends the instance as soon as it hears."""
    report(aws, told, end)
    if told.get("launch_hook"):
        try:
            late = replace(aws, deadline=time.monotonic() + ENDING)
            _tell(late, action(told, end.instance), end.result)
        except UnprovedError as error:
            print(error, flush=True)


def report(aws: Aws, told: Mapping[str, Any], end: End) -> None:
    """In the store, for people: without it nothing is lost but the reason."""
    key = f"{told['store'].rstrip('/')}/arrivals/{told['environment']}/{end.instance}.json"
    try:
        brief = replace(aws, deadline=time.monotonic() + REPORT_LIMIT)
        brief.object(key, "PUT", _report(told, end))
    except (RefusedError, *NONSENSE) as error:
        print(f"no report: {error}", flush=True)
    print(f"{end.result} {end.step}: {end.reason or 'it serves'} {json.dumps(end.phases)}", flush=True)


def action(told: Mapping[str, Any], instance: str) -> dict[str, str]:
    """How AWS knows the wait that the launch hook began."""
    return {
        "AutoScalingGroupName": told["group"],
        "LifecycleHookName": told["launch_hook"],
        "InstanceId": instance,
    }


def _compare(aws: Aws, declared: Mapping[str, Any], release: str | None) -> None:
    name = _name(declared)
    if name is not None:
        pointer = json.loads(aws.parameter(f"/slackwater/{name}/{declared['fleet']}/proved"))
        if pointer["release"] != release:
            raise MovedError(f"it serves {release}, and {pointer['release']} is proved")


def _tell(aws: Aws, words: Mapping[str, str], result: str, check: Callable[[], None] | None = None) -> None:
    while True:
        if check:
            check()
        try:
            aws.within(WORD_LIMIT).scaling("CompleteLifecycleAction", LifecycleActionResult=result, **words)
            return
        except RefusedError as error:
            if _is_over(aws, words["InstanceId"]):
                return
            if time.monotonic() > aws.deadline:
                raise UnprovedError(f"the group was not told: {error}") from error
            time.sleep(COMPLETE_PAUSE)


def _is_over(aws: Aws, instance: str) -> bool:
    """Whether the group waits no more: an answer that was lost was heard all the same, and one that left needs none."""
    try:
        said = aws.within(WORD_LIMIT).scaling("DescribeAutoScalingInstances", **{"InstanceIds.member.1": instance})
    except RefusedError:
        return False
    state = re.search(r"<LifecycleState>([^<]*)</LifecycleState>", said)
    return state[1] not in WAITING if state else "<AutoScalingInstances" in said


def is_warmed(metadata: Metadata, seconds: float = WARM_LIMIT) -> bool:
    """On its way into a warm pool: it will be started, and must prove itself, again. True when nobody knows."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            return (metadata.get("autoscaling/target-lifecycle-state") or "").startswith("Warmed:")
        except OSError:
            if time.monotonic() > deadline:
                return True
            time.sleep(PAUSE)


def _ready(app: Mapping[str, Any]) -> str:
    """Empty when nginx answers 2xx on the path that the balancers ask."""
    connection = _connection(app["port"], tls=app["tls"])
    try:
        connection.request("GET", "/.slackwater/ready", headers={"User-Agent": "slackwater-arrival"})
        answer = connection.getresponse()
        body = answer.read(200).decode(errors="replace").strip()
    except (OSError, http.client.HTTPException) as error:
        return f"no answer ({error or type(error).__name__})"
    finally:
        connection.close()
    return "" if 200 <= answer.status < 300 else f"{answer.status} {body}"


def _connection(port: int, *, tls: bool) -> http.client.HTTPConnection:
    """A host's certificate is its own, and it asks itself."""
    if not tls:
        return http.client.HTTPConnection("127.0.0.1", port, timeout=ANSWER_LIMIT)
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return http.client.HTTPSConnection("127.0.0.1", port, timeout=ANSWER_LIMIT, context=context)


def _live(app: str, deadline: float) -> str:
    """By what is on disk and runs, whatever the app says of itself."""
    looks = 0
    while True:
        try:
            return _status(app, max(1.0, min(STATUS_LIMIT, deadline - time.monotonic())))
        except (UnprovedError, subprocess.TimeoutExpired, *NONSENSE) as error:
            looks += 1
            if looks == LOOKS or time.monotonic() + LOOK_PAUSE > deadline:
                raise UnprovedError(str(error)) from error
        time.sleep(LOOK_PAUSE)


def _status(app: str, limit: float) -> str:
    words = ["slackwater-slots", "status", app, "--json"]
    done = subprocess.run(words, capture_output=True, text=True, timeout=limit, check=False)
    if done.returncode:
        raise UnprovedError(f"{' '.join(words)}: {done.stderr.strip()[-400:]}")
    said = json.loads(done.stdout)
    if said["work"]:
        raise UnprovedError(f"there is work left: {'; '.join(said['work'])}")
    return str(said["release"])


def _report(told: Mapping[str, Any], end: End) -> bytes:
    document = {
        "instance": end.instance,
        "environment": told["environment"],
        "group": told["group"],
        "bundle": told["bundle"].get("sha256"),
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "result": end.result,
        "step": end.step,
        "reason": masked(end.reason),
        "release": end.release,
        "seconds": dict(end.phases),
        "log": [masked(line) for line in end.log],
    }
    return (json.dumps(document, indent=2) + "\n").encode()


def masked(text: str, root: Path = Path("/")) -> str:
    """Without the values of the host's own secrets, and without credentials in addresses."""
    for value in _secrets(root):
        text = text.replace(value, "***")
    return re.sub(r"://[^/@\s]+@", "://***@", text)


def _secrets(root: Path) -> set[str]:
    values = (file.read_text(errors="replace").strip() for file in root.glob(SECRETS) if file.is_file())
    return {line for value in values for line in (value, *value.splitlines()) if len(line) >= LEAST_SECRET}
