"""The lab's cloud as a process of its own, which outlives the command that started it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from pathlib import Path

from slackwater.errors import LabError
from slackwater.inventory.vagrant_command import LIMIT
from slackwater.lab.cloud.began import began
from slackwater.lab.cloud.machines.remains import clear
from slackwater.lab.cloud.machines.vagrant import clear as make_anew
from slackwater.lab.cloud.sole import sole
from slackwater.lab.fleet import Lab
from slackwater.lab.identity import write_whole
from slackwater.lab.locks import locked
from slackwater.lab.progress import SILENT, Progress

FILE, LOG = "cloud.json", "cloud.log"
MODULE = "slackwater.lab.cloud.process"
# moto imports in a second or two, on a busy machine in twenty; after this it has failed, and its log says why.
START_LIMIT = 60.0
# It has nothing to finish; whoever ignores SIGTERM for so long is stuck.
STOP_LIMIT = 10.0
# What Vagrant has begun it must end, or the VM stays locked: at the longest it destroys a VM and makes it again.
VAGRANT_STOP_LIMIT = 2 * LIMIT + 60
# Who waits longer without a word takes the command for stuck.
PATIENCE = 2.0
PAUSE = 0.05
LAST = 2000


@dataclass(frozen=True)
class Record:
    """`began` is the process's start by the kernel's clock: a later process of the same number has another."""

    pid: int
    began: int
    endpoint: str
    lifecycle: bool = False
    lab: str | None = None
    vagrant: str | None = None


@dataclass(frozen=True)
class Kind:
    """`lab`: instances are its hosts, of that image and suite; `vagrant`: they are VMs of the Vagrantfile there.

    `lifecycle`: hooks hold them.
    """

    lifecycle: bool = False
    lab: str | None = None
    image: str = ""
    suite: str = ""
    vagrant: str | None = None


def up(directory: Path, *, port: int = 0, kind: Kind = Kind()) -> tuple[Record, bool]:
    """The running cloud, and whether it had to be started. Raises LabError for one of another kind."""
    if not find_spec("moto"):
        raise LabError("The lab's cloud needs moto: install slackwater with its extra `lab`.")
    with _alone(directory):
        if record := running(directory):
            _refuse_another_kind(record, kind)
            return record, False
        with sole(lab=kind.lab, vagrant=kind.vagrant):
            pass  # the process looks once more, but only here somebody reads what it says
        return _start(directory, port, kind), True


def _refuse_another_kind(record: Record, kind: Kind) -> None:
    """Where hooks hold nobody a drain has lost nothing, for it was never waited for."""
    if (record.lifecycle, record.lab, record.vagrant) != (kind.lifecycle, kind.lab, kind.vagrant):
        raise LabError(
            f"The lab's cloud is there already, {_said(record)}: end it first (`slackwater lab cloud down`; what was "
            "made in it goes too), ask for the same kind, or give another --directory."
        )


def _said(record: Record) -> str:
    if record.vagrant:
        return f"with VMs of {record.vagrant}"
    return f"with hosts in lab {record.lab!r}" if record.lab else f"with{'' if record.lifecycle else 'out'} --lifecycle"


def down(directory: Path, progress: Progress = SILENT) -> bool:
    """False if there was nothing to end. Hosts that were its instances go, and a lab that has no others; VMs are made
    anew. `progress` hears what takes Vagrant minutes."""
    if not directory.exists():
        return False
    with _alone(directory):
        record, left = running(directory), load(directory)
        if record:
            _stop(record, progress)
        if left:
            with sole(lab=left.lab, vagrant=left.vagrant):
                _clear(left, progress)
        (directory / FILE).unlink(missing_ok=True)
        return record is not None


@contextmanager
def _alone(directory: Path) -> Iterator[None]:
    """One command at a time. Raises LabError where this user may keep nothing there."""
    with ExitStack() as stack:
        try:
            stack.enter_context(locked(directory / ".lock"))
        except OSError as error:
            raise LabError(
                f"The cloud's record cannot be kept in {directory} ({error.strerror}): give a --directory of your own."
            ) from error
        yield


def _clear(left: Record, progress: Progress) -> None:
    """Also after a cloud that was killed."""
    if left.lab:
        clear(lab := Lab(left.lab))
        if not lab.has_hosts():
            lab.down()
    if left.vagrant:
        with progress.step(f"cloud: VMs of {left.vagrant} that were instances are made anew"):
            make_anew(Path(left.vagrant))


def running(directory: Path) -> Record | None:
    """None when the recorded process is gone, or its number is another's by now."""
    record = load(directory)
    return record if record and began(record.pid) == record.began else None


def load(directory: Path) -> Record | None:
    try:
        return Record(**json.loads((directory / FILE).read_text()))
    except (OSError, ValueError, TypeError):
        return None


def save(directory: Path, endpoint: str, kind: Kind) -> None:
    """Called by the process itself, once it listens."""
    record = Record(os.getpid(), began(os.getpid()) or 0, endpoint, kind.lifecycle, kind.lab, kind.vagrant)
    write_whole(directory / FILE, json.dumps(asdict(record)) + "\n")


def _start(directory: Path, port: int, kind: Kind) -> Record:
    (directory / FILE).unlink(missing_ok=True)
    command = [sys.executable, "-m", MODULE, str(directory), "--port", str(port)]
    command += ["--lifecycle"] if kind.lifecycle else []
    command += ["--lab", kind.lab, "--image", kind.image, "--suite", kind.suite] if kind.lab else []
    command += ["--vagrant", kind.vagrant] if kind.vagrant else []
    with (directory / LOG).open("a") as log:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    deadline = time.monotonic() + START_LIMIT
    while time.monotonic() < deadline and process.poll() is None:
        if record := running(directory):
            return record
        time.sleep(PAUSE)
    process.kill()
    process.wait()
    log_file = directory / LOG
    raise LabError(f"The lab's cloud does not start. Its log, {log_file}:\n{log_file.read_text()[-LAST:]}")


def _stop(record: Record, progress: Progress) -> None:
    _signal(record, signal.SIGTERM)
    if record.vagrant and not _is_gone(record, PATIENCE):
        with progress.step("cloud: waits for what Vagrant has begun"):
            _is_gone(record, VAGRANT_STOP_LIMIT)
    while not _is_gone(record, STOP_LIMIT):
        _signal(record, signal.SIGKILL)


def _signal(record: Record, number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.kill(record.pid, number)


def _is_gone(record: Record, limit: float) -> bool:
    """Waits up to `limit` seconds for it."""
    deadline = time.monotonic() + limit
    while began(record.pid) == record.began:
        if time.monotonic() > deadline:
            return False
        time.sleep(PAUSE)
    return True
