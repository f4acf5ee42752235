"""The few operations that roles are made of: each asks once, says what differs, and writes it in one command."""

from __future__ import annotations

import shlex
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass

from pyinfra import host
from pyinfra.api import StringCommand, operation

from slackwater.engine import scripts
from slackwater.engine.facts import Accounts, Lines, Packages, Paths, Unit, Units
from slackwater.engine.memory import ask, forget
from slackwater.engine.mode import makes_image
from slackwater.engine.values import Absent, File, Found, Item, difference

UNREADABLE = "the host did not answer what was asked; see the line above"
LOCK_TIMEOUT = 300
"""Seconds to wait for another dpkg: on a fresh VM apt-daily holds the lock for minutes."""
SHOWN = 4
"""Paths named in a line of the log."""

Commands = Generator[StringCommand, None, None]


def act(command: str, *, stdin: str = "") -> StringCommand:
    """A command that changes the host: what was known about it is forgotten."""
    forget()
    return StringCommand(command, _stdin=stdin) if stdin else StringCommand(command)


def refuse_with(sentence: str) -> StringCommand:
    """A command that fails with `sentence`: only this host stops, the others go on."""
    return StringCommand(f"echo {shlex.quote(sentence)} >&2; exit 1")


@operation()
def refuse(sentence: str) -> Commands:
    """Stops this host with a sentence; nothing has been touched."""
    yield refuse_with(sentence)


@operation()
def tree(items: Sequence[Item], check: str = "") -> Commands:
    """Files, directories, links and absences. `check` is shell that refuses the staged files in `$stage`.

    Nothing is put in place when the check fails, and each file is put in place by one rename.
    """
    found: dict[str, Found] | None = ask(Paths, paths=[item.path for item in items])
    if found is None:
        yield refuse_with(UNREADABLE)
        return
    drift = [(item, why) for item in items if (why := difference(item, found[item.path]))]
    _say_each(drift)
    if drift:
        changed = [item for item, _ in drift]
        files = [item for item in changed if isinstance(item, File)]
        needs_check = any(isinstance(item, File | Absent) for item in changed)
        yield act(scripts.install(changed, check if needs_check else ""), stdin=scripts.archive(files))


@operation()
def packages(names: Sequence[str]) -> Commands:
    """Debian packages, in one transaction. A dpkg that was interrupted is mended first."""
    wanted = sorted(set(names))
    installed: dict[str, str] | None = ask(Packages, names=wanted)
    if installed is None:
        yield refuse_with(UNREADABLE)
        return
    missing = [name for name in wanted if name not in installed]
    if missing or "" in installed:
        _say("install " + " ".join(missing) if missing else "finish what dpkg began")
        yield act(_apt_install(missing))


def _apt_install(names: Sequence[str]) -> str:
    """apt waits for dpkg's lock by itself, but not for that of its lists: hence the loop around update."""
    kept = "-o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold"
    options = f"-o DPkg::Lock::Timeout={LOCK_TIMEOUT} {kept}"
    return (
        f"# apt-get install {' '.join(names)}\n"
        "set -eu\nexport DEBIAN_FRONTEND=noninteractive NEEDRESTART_MODE=l\n"
        f"for pause in 2 5 10 20 0; do timeout {LOCK_TIMEOUT} dpkg --configure -a && break; sleep $pause; done\n"
        "for pause in 2 5 10 20 30 0; do\n"
        "  if apt-get -q update; then break; fi\n  [ $pause != 0 ] || exit 1\n  sleep $pause\ndone\n"
        f"apt-get -q -y --no-install-recommends {options} -f install {' '.join(map(shlex.quote, names))}\n"
    )


@operation()
def system_user(user: str, home: str) -> Commands:
    """A user without a login, with a group of its own name."""
    users: dict[str, str] | None = ask(Accounts, names=[user])
    if users is None:
        yield refuse_with(UNREADABLE)
        return
    if users.get(user) != f"{home}:/usr/sbin/nologin":
        verb = "usermod" if user in users else f"groupadd -f -r {user} && useradd -r -M -g {user}"
        yield act(f"{verb} -d {home} -s /usr/sbin/nologin {user}")


@dataclass(frozen=True)
class Service:
    """A unit that shall run and start at boot. When one of `settings` is younger than its state, it is `renew`ed."""

    name: str
    settings: Sequence[str] = ()
    renew: str = "reload"
    running: bool = True


@operation()
def services(wanted: Sequence[Service]) -> Commands:
    """Starts, enables and renews units. That a file is younger than the running unit is read from the host itself.

    So a run that died between writing a file and reloading is made good by the next one. On a host that becomes an
    image nothing is started: its instances do that, once they are who they are.
    """
    if makes_image():
        return
    units: dict[str, Unit] | None = ask(Units, names=[service.name for service in wanted])
    found: dict[str, Found] | None = ask(Paths, paths=[path for service in wanted for path in service.settings])
    if units is None or found is None:
        yield refuse_with(UNREADABLE)
        return
    lines = [line for service in wanted for line in _systemctl(service, units[service.name], found)]
    if any(unit.stale for unit in units.values()):
        lines.insert(0, "systemctl daemon-reload")
    if lines:
        _say("; ".join(lines))
        yield act("set -eu\n" + "\n".join(lines))


def _systemctl(service: Service, unit: Unit, found: dict[str, Found]) -> Iterator[str]:
    if unit.enabled not in {"enabled", "enabled-runtime", "static", "alias"}:
        yield f"systemctl enable --quiet {service.name}"
    if not service.running:
        return
    if not unit.running:
        yield f"systemctl start {service.name}"
    elif any(found[path].changed > unit.since for path in service.settings):
        yield f"systemctl {service.renew} {service.name}"


@operation()
def until(question: str, answer: str, command: str, stdin: str = "") -> Commands:
    """Runs `command` when the shell `question` does not print `answer`: for what is neither file, package nor unit."""
    lines: list[str] | None = ask(Lines, command=question)
    if lines is None:
        yield refuse_with(UNREADABLE)
    elif "\n".join(lines).strip() != answer.strip():
        yield act(command, stdin=stdin)


@operation()
def listens(program: str, port: int, log: str) -> Commands:
    """Fails unless `program` itself listens on `port`: a reload that could not take it succeeds all the same."""
    if makes_image():
        return
    holder = f"ss -ltnpH 'sport = :{port}'"
    question = f"for i in $(seq 20); do {holder} | grep -q '\"{program}\"' && echo yes && break; sleep 0.1; done; :"
    if ask(Lines, command=question) != ["yes"]:
        said = shlex.quote(f"{program} does not listen on port {port}; who does, and what it says:")
        yield StringCommand(f"echo {said} >&2; {holder} >&2; grep emerg {log} | tail -n 5 >&2; exit 1")


def _say_each(drift: Sequence[tuple[Item, str]]) -> None:
    """A line for each reason, with the first paths that it concerns."""
    for why in dict.fromkeys(why for _, why in drift):
        paths = [item.path for item, reason in drift if reason == why]
        rest = f" and {len(paths) - SHOWN} more" if len(paths) > SHOWN else ""
        _say(f"{why}: {' '.join(paths[:SHOWN])}{rest}")


def _say(text: str) -> None:
    if host.state.is_executing:
        host.log(text)
