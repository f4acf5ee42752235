"""Connections to a fleet for what is asked and said beside its converges."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from inspect import getsource
from typing import Any

import gevent
from paramiko import SSHException
from pyinfra.api import FactBase, Host, State
from pyinfra.api.exceptions import ConnectError, PyinfraError
from pyinfra.context import ctx_host, ctx_state

from slackwater.inventory.states import noting
from slackwater.lint.loading import Declaration, inventory_of
from slackwater.rollout import look
from slackwater.rollout.plan import by_name
from slackwater.settings import resolve

END = "slackwater-status"
WORKS = (
    "active=$(systemctl list-units --plain --no-legend --state=active 'celery-*@*.service'); "
    '[ -n "$active" ] || echo "no unit celery-*@* is active"'
)
"""Prints nothing on a host that consumes: its unit is active once Celery has reached the broker."""
ASK_TIMEOUT = 30
"""Seconds for a question: a host that takes longer is as good as gone."""
CHANGE_TIMEOUT = 1800
"""Seconds for a switch on a host: it may wait 900 for another one, and its own parts are bounded below that."""
MARGIN = 10
"""Seconds more, after which a host that takes connections and says nothing is given up."""


@dataclass(frozen=True)
class Answer:
    """What a command printed, errors among it, and its status; None when the host could not be asked."""

    status: int | None
    text: str

    @property
    def is_good(self) -> bool:
        return self.status == 0


class Shell(FactBase[Answer]):
    """One command with the privileges that the inventory gives; its failure is an answer, not an error."""

    def command(self, command: str) -> str:
        return f'( {command}\n) </dev/null 2>&1; echo "{END} $?"'

    @staticmethod
    def default() -> Answer:
        return Answer(None, "it did not answer")

    def process(self, output: Iterable[str]) -> Answer:
        lines = list(output)
        word, _, status = lines[-1].rpartition(" ") if lines else ("", "", "")
        if not word.endswith(END):
            return Answer(None, "\n".join(lines))
        last = word.removesuffix(END)
        return Answer(int(status), "\n".join([*lines[:-1], *([last] if last else [])]))


@dataclass(frozen=True)
class Seen:
    """What one app host says of itself; `fault` says why it could not be asked."""

    name: str
    groups: tuple[str, ...]
    facts: Mapping[str, Any] = field(default_factory=dict)
    fault: str = ""

    @property
    def release(self) -> str | None:
        return self.facts.get("release")


class Hosts:
    """The fleet as its inventory names it now. Connects when it is first asked; a lost connection is made anew.

    `states` are those of its instances in AWS, by id: of the same look, so that who is no host yet is known too.
    """

    def __init__(self, declaration: Declaration) -> None:
        with noting() as self.states:
            self.state = State(inventory_of(declaration))
        self.hosts: dict[str, Host] = {host.name: host for host in self.state.inventory}

    def of(self, group: str) -> list[str]:
        return by_name(name for name, host in self.hosts.items() if group in host.groups)

    def place(self, name: str, address: str = "") -> str:
        """Where balancers reach the app on that host, as a URL; or at another address of it."""
        data = self.hosts[name].data
        at = address or str(data.get("address") or data.get("ssh_hostname") or name)
        app = resolve(data).require_app()
        return f"{'https' if app.nginx.tls else 'http'}://{f'[{at}]' if ':' in at else at}:{app.port}"

    def ask(self, names: Sequence[str], command: str, timeout: int = ASK_TIMEOUT) -> dict[str, Answer]:
        """The same command on each, at once."""
        jobs = {name: gevent.spawn(self._one, self.hosts[name], command, timeout) for name in names}
        gevent.joinall(list(jobs.values()), raise_error=True)
        return {name: job.value for name, job in jobs.items()}

    def _one(self, host: Host, command: str, timeout: int) -> Answer:
        """Twice: a connection that a reboot has cut shows only when it is used."""
        answer = self._attempt(host, command, timeout)
        if answer.status is None and not host.connected:
            answer = self._attempt(host, command, timeout)
        return answer

    def _attempt(self, host: Host, command: str, timeout: int) -> Answer:
        was_connected = host.connected
        try:
            with gevent.Timeout(timeout + MARGIN), ctx_state.use(self.state), ctx_host.use(host):
                host.connect(show_errors=False, raise_exceptions=True)
                answer: Answer = host.get_fact(Shell, command=command, _timeout=timeout, _ignore_errors=True)
        except (ConnectError, PyinfraError, OSError, SSHException, EOFError) as error:
            answer = Answer(None, str(error) or type(error).__name__)
        except gevent.Timeout:
            answer = Answer(None, f"it took the connection and said nothing for {timeout} s")
        if answer.status is None and was_connected:
            host.disconnect()
        return answer

    def seen(self, names: Sequence[str], app: str) -> dict[str, Seen]:
        """What each says it runs; a host without the app yet has no release."""
        absent = "[ -x /usr/local/sbin/slackwater-slots ] || { echo '{}'; exit 0; }"
        answers = self.ask(names, f"{absent}; slackwater-slots status {app} --json")
        return {name: self._seen(name, answer) for name, answer in answers.items()}

    def _seen(self, name: str, answer: Answer) -> Seen:
        groups = tuple(self.hosts[name].groups)
        said = facts(answer)
        return Seen(name, groups, fault=answer.text or "it said nothing") if said is None else Seen(name, groups, said)

    def unhealthy(self, names: Sequence[str]) -> dict[str, str]:
        """Hosts that a balancer, or without one the host itself, would not send requests to, and what each saw."""
        web, wrong = [name for name in names if "app" in self.hosts[name].groups], self._idle(names)
        for eye, answers in (self._looks(web) if web else {}).items():
            wrong |= {name: f"{said} (seen from {eye})" for name, said in answers.items() if said}
        return wrong

    def _idle(self, names: Sequence[str]) -> dict[str, str]:
        """Workers that do not consume, in their own words: no balancer looks at them."""
        workers = [name for name in names if "app" not in self.hosts[name].groups]
        answers = self.ask(workers, WORKS)
        return {
            name: answer.text.strip() or "it did not answer" for name, answer in answers.items() if _is_idle(answer)
        }

    def _looks(self, names: Sequence[str]) -> dict[str, dict[str, str]]:
        places = {name: self.place(name) for name in names}
        balancers = self.of("balancer")
        if balancers:
            answers = self.ask(balancers, _look(places))
            return {eye: _looked(places, answer) for eye, answer in answers.items()}
        own = {name: self.place(name, "127.0.0.1") for name in names}
        jobs = {name: gevent.spawn(self.ask, [name], _look({name: place})) for name, place in own.items()}
        gevent.joinall(list(jobs.values()), raise_error=True)
        return {name: _looked({name: place}, jobs[name].value[name]) for name, place in own.items()}

    def close(self) -> None:
        for host in self.hosts.values():
            if host.connected:
                host.disconnect()


def _is_idle(answer: Answer) -> bool:
    return not answer.is_good or bool(answer.text.strip())


def _look(places: Mapping[str, str]) -> str:
    return f"python3 - {shlex.quote(json.dumps(places))} <<'LOOK'\n{getsource(look)}\nLOOK"


def _looked(places: Mapping[str, str], answer: Answer) -> dict[str, str]:
    """A balancer that cannot be asked sees nothing healthy: a rollout must not go on without it."""
    seen = facts(answer)
    return dict.fromkeys(places, f"it could not be asked: {answer.text[-300:]}") if seen is None else seen


def facts(answer: Answer) -> dict[str, Any] | None:
    """The JSON of the last line that is some; None when the command failed or said none."""
    for line in reversed(answer.text.splitlines() if answer.is_good else []):
        with suppress(ValueError):
            return dict(json.loads(line))
    return None
