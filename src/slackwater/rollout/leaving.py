"""Hosts that are taken out by an operator, and put back: asked on the host itself, where the drain agent does it."""

from __future__ import annotations

import shlex
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from slackwater.errors import RolloutError
from slackwater.rollout.fleet import HEALTHY_TIMEOUT, PAUSE, Fleet
from slackwater.rollout.hosts import Answer, facts
from slackwater.rollout.lateness import lateness
from slackwater.settings import resolve

COMMAND = "/usr/local/sbin/slackwater-drain"
QUESTION = f"[ -x {COMMAND} ] || {{ echo '{{}}'; exit 0; }}; {COMMAND} status --json || :"
GROUPS = ("app", "worker")
SILENT = "it did not answer"
CONVERGE = "Converge it, or see there what journalctl -u slackwater-drain says"
LEAVES = "leaves all the same; slackwater undrain puts it back"

Facts = Mapping[str, Any]


def states(fleet: Fleet, names: Sequence[str]) -> dict[str, Facts]:
    """What each host's agent says; empty where there is none. Of one that cannot be asked `agent` says why."""
    return {name: _said(answer) for name, answer in fleet.hosts.ask(names, QUESTION).items()}


def _said(answer: Answer) -> Facts:
    found = facts(answer)
    return {"agent": answer.text.strip()[-300:] or SILENT} if found is None else found


def is_out(said: Facts) -> bool:
    """Drained as far as an operator's wish goes, or for good."""
    return said.get("state") == "done" or (said.get("state") == "drained" and bool(said.get("is_held")))


def is_in(said: Facts) -> bool:
    return said.get("state") == "serving" and not said.get("starting") and not said.get("asked")


def line(said: Facts) -> str:
    """In one line: "draining, quiet, 3 in flight; asked by anna: new kernel"."""
    if not said:
        return "no drain agent"
    flying = said.get("in_flight")
    words = [said.get("agent"), said.get("state"), said.get("step"), "starting the app" if said.get("starting") else ""]
    words.append(f"{flying} in flight" if flying is not None and said.get("step") == "quiet" else "")
    waits = said.get("unaware") if said.get("step") == "balancers" else ()
    words.append(f"not known to {', '.join(waits)}" if waits else "")
    causes = "; ".join(one["said"] for one in said.get("causes", ()))
    return "; ".join(filter(None, [", ".join(map(str, filter(None, words))), causes, *said.get("cut", ())]))


def health(said: Facts | None) -> str:
    """For the fleet's status; empty when the host serves, or has no agent."""
    if not said or (is_in(said) and not said.get("agent")):
        return ""
    return line(said)


@dataclass
class Leaving:
    """`names` are the hosts that were asked for. Every method raises RolloutError."""

    fleet: Fleet
    names: Sequence[str]
    shown: dict[str, str] = field(default_factory=dict)

    def check(self, *, keeps_one: bool) -> None:
        """They are hosts that can leave, and somebody stays."""
        able = {name for group in GROUPS for name in self.fleet.hosts.of(group)}
        if strangers := [name for name in self.names if name not in able]:
            known = ", ".join(sorted(able)) or "none"
            raise RolloutError(f"{', '.join(strangers)}: no app or worker host of this inventory; there are: {known}")
        if keeps_one:
            self._check_who_stays()

    def drain(self, by: str, reason: str) -> dict[str, Facts]:
        """Returns when all are out, or one has had more time than it takes. None is told when one could not follow."""
        if away := [f"{name}: {why}" for name, said in states(self.fleet, self.names).items() if (why := _away(said))]:
            raise RolloutError("\n".join([*away, "No host was told to leave", CONVERGE]))
        self._tell(f"{COMMAND} drain --by {shlex.quote(by)} --reason {shlex.quote(reason)}", LEAVES)
        return self._await(is_out, f"not drained yet, and {LEAVES}")

    def undrain(self) -> dict[str, Facts]:
        """Returns when all serve and balancers see them healthy."""
        self._tell(f"{COMMAND} undrain", "comes back all the same")
        found = self._await(is_in, "not back", _stays_out)
        self._await_healthy()
        return found

    def _check_who_stays(self) -> None:
        apps = self.fleet.hosts.of("app")
        others = [name for name in apps if name not in self.names]
        if not set(self.names) & set(apps):
            return
        wrong = {name: health(said) for name, said in states(self.fleet, others).items()}
        serving = [name for name, why in wrong.items() if not why]
        wrong |= self.fleet.hosts.unhealthy(serving) if serving else {}
        if all(wrong.values()):
            told = f"{', '.join(self.names)}: no app host would be left that serves; --last when that is meant"
            raise RolloutError("\n".join([told, *(f"{name}: {why}" for name, why in wrong.items())]))

    def _tell(self, command: str, meanwhile: str) -> None:
        """What one host refuses another has begun: `meanwhile` says so of it."""
        answers = self.fleet.hosts.ask(self.names, command)
        failed = {name: answer.text.strip()[-300:] or SILENT for name, answer in answers.items() if not answer.is_good}
        if failed:
            told = [f"{name}: {why}" for name, why in failed.items()]
            begun = [f"{name} {meanwhile}" for name in answers if name not in failed]
            raise RolloutError("\n".join([*told, *begun, CONVERGE]))

    def _await(
        self, over: Callable[[Facts], bool], failure: str, hopeless: Callable[[Facts], str] = lambda _: ""
    ) -> dict[str, Facts]:
        """A host that reboots or loses its connection meanwhile is asked again."""
        deadline = time.monotonic() + max(lateness(resolve(self.fleet.hosts.hosts[name].data)) for name in self.names)
        while True:
            found = states(self.fleet, self.names)
            self._show(found)
            if all(over(said) for said in found.values()):
                return found
            bad = [f"{name} {why}" for name, said in found.items() if (why := hopeless(said))]
            late = [f"{name} is {failure}: {line(said)}" for name, said in found.items() if not over(said)]
            if bad or time.monotonic() > deadline:
                raise RolloutError("\n".join(bad or late))
            time.sleep(PAUSE)

    def _show(self, found: Mapping[str, Facts]) -> None:
        for name, said in found.items():
            if self.shown.get(name) != line(said):
                self.shown[name] = line(said)
                self.fleet.events.say(name, line(said))

    def _await_healthy(self) -> None:
        names = [name for name in self.names if name in self.fleet.members()]
        deadline = time.monotonic() + HEALTHY_TIMEOUT
        while wrong := self.fleet.hosts.unhealthy(names):
            if time.monotonic() > deadline:
                raise RolloutError("\n".join(f"{name} serves, but: {why}" for name, why in wrong.items()))
            time.sleep(PAUSE)


def _away(said: Facts) -> str:
    """Why nobody would follow a wish; empty when somebody would."""
    return str(said.get("agent") or "") if said else line(said)


def _stays_out(said: Facts) -> str:
    """An operator calls back his own wish, not the group's."""
    if said.get("asked") or said.get("state") not in {"draining", "stopping", "drained", "done"}:
        return ""
    others = [one["said"] for one in said.get("causes", ()) if one["cause"] != "operator"]
    return f"stays out: {'; '.join(others)}" if others else ""
