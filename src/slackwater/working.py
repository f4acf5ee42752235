"""Celery as a worker host's units run it: it says when it consumes, ends in bounded time, and counts what waits.

Hosts carry this one file beside the slot's settings, where the package slackwater is not installed: it imports the
standard library and Celery. Its words are those of the command `celery`.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

from celery import bootsteps, current_app, signals  # type: ignore[import-not-found]
from celery.__main__ import main as celery  # type: ignore[import-not-found]
from celery.worker import state  # type: ignore[import-not-found]
from kombu.exceptions import ChannelError  # type: ignore[import-not-found]

__all__ = ["main"]

DRAIN, VISIBILITY = "SLACKWATER_DRAIN_TIMEOUT", "SLACKWATER_VISIBILITY_TIMEOUT"
BACKLOG, QUEUES = "SLACKWATER_BACKLOG", "SLACKWATER_QUEUES"
EVERY = 20.0
"""Seconds between two counts of what waits: CloudWatch takes a value a minute, and an older count is none."""
NOT_FOUND = "404"
LOOKS = 1
"""Of Kombu's looks for what dead hosts had, ten seconds apart, each counts; by itself it takes every tenth."""
MUTEX = 30
"""Seconds that one worker's look for them may keep the others from theirs: five minutes by itself, also when its host
is gone, or the network gave Redis the lock after whoever asked for it had given up."""
SILENCE = 10
"""Seconds: without a bound Kombu waits for ever for Redis behind a network that is gone, and no stop gets through."""
ANSWER = 3.0
"""Seconds for the broker's last answer: 20 s after the bound systemd kills."""
KEPT = 75
"""The exit status EX_TEMPFAIL of sysexits.h: it has ended, and could not put back what it had reserved."""
SAFE = ("task_acks_late", "task_reject_on_worker_lost")
"""Without them Celery takes a message out of its queue before its task has run."""
STOPS = threading.Event()
"""Set once the worker was asked to stop."""


def notify(state: str) -> None:
    """To systemd (https://www.freedesktop.org/software/systemd/man/sd_notify.html); without it nobody is told."""
    path = os.environ.get("NOTIFY_SOCKET", "")
    if not path:
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel, suppress(OSError):
        channel.sendto(state.encode(), path.replace("@", "\0", 1) if path.startswith("@") else path)


def take_secrets() -> None:
    """As variables of this process and its children: they are in no unit and no process list."""
    for file in sorted(Path(os.environ.get("CREDENTIALS_DIRECTORY", "/nonexistent")).glob("*")):
        os.environ[file.name] = file.read_text()


def unsafe(conf: Any) -> list[str]:
    """Settings that would lose a task when its host goes away."""
    return [name for name in SAFE if not getattr(conf, name)]


@signals.celeryd_init.connect  # type: ignore[untyped-decorator]
def prepare(instance: Any, conf: Any, **_: Any) -> None:
    """Before the worker is built: when a dead host's messages go to others, and the count of what waits."""
    told = {"visibility_timeout": int(os.environ[VISIBILITY])}
    told |= {"unacked_restore_throttle": LOOKS, "unacked_mutex_expire": MUTEX}
    conf.broker_transport_options = {"socket_timeout": SILENCE, **(conf.broker_transport_options or {}), **told}
    instance.app.steps["consumer"].update((Backlog, Anew))
    instance.app.steps["worker"].add(Unasked)
    if names := unsafe(conf):
        say(f"{', '.join(names)} must be True: a task that runs when its host dies is lost otherwise")


@signals.worker_ready.connect  # type: ignore[untyped-decorator]
@signals.beat_init.connect  # type: ignore[untyped-decorator]
def ready(**_: Any) -> None:
    notify("READY=1")


@signals.worker_shutting_down.connect  # type: ignore[untyped-decorator]
def bound(how: str, **_: Any) -> None:
    """SIGTERM stops consuming and lets tasks finish, for ever; at the bound SIGQUIT ends what runs and puts it back."""
    notify("STOPPING=1")
    STOPS.set()
    if how == "Warm":
        signal.signal(signal.SIGALRM, lambda *_: os.kill(os.getpid(), signal.SIGQUIT))
        signal.alarm(int(os.environ[DRAIN]))


@signals.worker_shutdown.connect  # type: ignore[untyped-decorator]
def ended(**_: Any) -> None:
    """All tasks have ended: an alarm while Python itself ends would look like a crash."""
    signal.alarm(0)


class Backlog(bootsteps.StartStopStep):  # type: ignore[misc]
    """Writes how many messages wait in the queues that this worker consumes; whoever publishes it reads the file."""

    requires = ("celery.worker.consumer.tasks:Tasks",)

    def __init__(self, parent: Any, **options: Any) -> None:
        self.timer: Any = None
        super().__init__(parent, **options)

    def start(self, parent: Any) -> None:
        self.timer = parent.timer.call_repeatedly(EVERY, self.look, (parent,))
        self.write(parent)

    def stop(self, parent: Any) -> None:
        if self.timer:
            self.timer.cancel()
            self.timer = None

    def look(self, parent: Any) -> None:
        """Its timer is that of the loop which consumes: when that hangs, systemd starts another process."""
        notify("WATCHDOG=1")
        self.write(parent)

    def write(self, parent: Any) -> None:
        """A count that fails is none: the file grows old, and nobody publishes it."""
        try:
            waiting = counts(parent.connection.default_channel, os.environ[QUEUES].split(","))
            keep(Path(os.environ[BACKLOG]), {"at": time.time(), "queues": waiting})
        except Exception as error:  # whatever broker and disk raise: tasks go on
            say(f"what waits could not be counted: {error!r}")


class Anew(bootsteps.StartStopStep):  # type: ignore[misc]
    """A connection that is lost ends the process, and systemd starts another; what can be put back has been by then.

    Nothing that runs can be acknowledged any more, and all of it comes again. Celery 5.7 goes on in the same process:
    a broker that was away for 40 s was seen to leave its pool broken, and its unit active without doing anything.
    """

    requires = ("celery.worker.consumer.tasks:Tasks",)

    def stop(self, parent: Any) -> None:
        if parent.blueprint.state == bootsteps.RUN:
            end("the connection to the broker is lost")


class Unasked(bootsteps.StartStopStep):  # type: ignore[misc]
    """After an error that Celery does not know it stops, and waits without a limit for processes that may be dead."""

    requires = ("celery.worker.components:Pool",)

    def stop(self, parent: Any) -> None:
        if state.should_stop is None and state.should_terminate is None:
            with suppress(Exception):  # whatever a transport raises: the visibility timeout is left
                parent.consumer.connection.collect(socket_timeout=ANSWER)
            end("Celery stops, and nobody asked for it")


def end(why: str) -> None:
    """At once: systemd ends what is left, and starts another process."""
    say(f"{why}: what runs here is begun again, and this process anew")
    os._exit(KEPT)


def counts(channel: Any, queues: Iterable[str]) -> dict[str, int]:
    """Messages that nobody has reserved, by queue."""
    return {name: count(channel, name) for name in queues}


def count(channel: Any, queue: str) -> int:
    """Redis has no empty queue: what is not there is one, for this worker has declared it."""
    try:
        return int(channel.queue_declare(queue, passive=True).message_count)
    except ChannelError as error:
        if str(error.reply_code) != NOT_FOUND:
            raise
        return 0


def keep(path: Path, document: Any) -> None:
    """Whole or not at all. Raises OSError."""
    new = path.with_name(f".{path.name}.new")
    new.write_text(json.dumps(document) + "\n")
    new.chmod(0o644)
    new.replace(path)


def say(line: str) -> None:
    sys.stderr.write(f"slackwater: {line}\n")


def answers(connection: Any) -> bool:
    """Asked beside: a broker behind a network that is gone neither answers nor refuses."""
    said = threading.Event()

    def ask() -> None:
        with suppress(Exception):  # whatever a transport raises: no answer
            connection.ensure_connection(max_retries=1)
            said.set()

    threading.Thread(target=ask, daemon=True).start()
    return said.wait(ANSWER)


def last_status() -> int:
    """Of a worker that has stopped: only with its broker could it put back what it had reserved."""
    if not STOPS.is_set() or answers(current_app.connection_for_read()):
        return 0
    seconds = os.environ[VISIBILITY]
    say(f"the broker does not answer: what was reserved here goes to others {seconds} s after it was taken, not before")
    return KEPT


def main() -> None:
    take_secrets()
    sys.path.insert(0, str(Path.cwd()))
    try:
        celery()
    except SystemExit as end:
        sys.exit(end.code or last_status())


if __name__ == "__main__":
    main()
