"""Prepares a host to become an image: the project's own roles without what serves, then nothing that is its own."""

from __future__ import annotations

from dataclasses import dataclass, replace

from slackwater.engine.mode import IMAGE, MODE
from slackwater.engine.order import Order
from slackwater.errors import RolloutError
from slackwater.image.seal import MARK, STEPS, script
from slackwater.release import Release
from slackwater.rollout.converge import converge
from slackwater.rollout.fleet import Fleet

SEAL_TIMEOUT = 300
"""Seconds to remove what is the host's own: files and a few services, whose stops are bounded themselves."""
TAKEN = {"balancer": "a balancer's certificates and addresses are its own", "cloud": "it is the operator's machine"}


@dataclass(frozen=True)
class Prepared:
    """`removed` in words."""

    host: str
    release: str
    removed: tuple[str, ...]


def prepare(fleet: Fleet, name: str) -> Prepared:
    """Raises RolloutError for a host that serves, and when a step fails; what was not removed is named."""
    _refuse_unfit(fleet, name)
    release = _release(fleet)
    fleet.events.say(name, f"gets {fleet.app.name} {release.id}, and serves nothing")
    declaration = replace(fleet.declaration, data={**fleet.declaration.data, MODE: IMAGE})
    failures = converge(declaration, [name], Order(release), fleet.events.say)
    if failures:
        raise RolloutError("\n".join(failure.text() for failure in failures))
    fleet.events.say(name, "loses what is its own")
    _seal(fleet, name)
    return Prepared(name, release.id, tuple(step.what for step in STEPS))


def _refuse_unfit(fleet: Fleet, name: str) -> None:
    host = fleet.hosts.hosts.get(name)
    if host is None:
        known = ", ".join(sorted(fleet.hosts.hosts)) or "none"
        raise RolloutError(f"{fleet.declaration.inventory} has no host {name}; it has: {known}")
    for group in TAKEN.keys() & set(host.groups):
        raise RolloutError(f"{name} is in the group {group}: {TAKEN[group]}; an image is made of an app host")
    if not {"app", "worker"} & set(host.groups):
        raise RolloutError(f"{name} is in none of the groups app and worker: there is nothing to prepare")
    seen = fleet.hosts.seen([name], fleet.app.name)[name]
    if seen.fault:
        raise RolloutError(f"{name} cannot be asked: {seen.fault}")
    if seen.facts.get("slot"):
        raise RolloutError(
            f"{name} serves {fleet.app.name} {seen.release}: an image is made of a host that serves nobody, "
            "for all that is its own is removed. Nothing was changed; launch an instance for it"
        )


def _release(fleet: Fleet) -> Release:
    """The proved one, so that instances need to fetch nothing; before there is one, the source's."""
    proved = fleet.releases.proved(fleet.app.name, fleet.name)
    if proved:
        return fleet.releases.get(fleet.app.name, proved.release)
    return fleet.releases.build(fleet.app, say=lambda text: fleet.events.say("", text))


def _seal(fleet: Fleet, name: str) -> None:
    answer = fleet.hosts.ask([name], script(), SEAL_TIMEOUT)[name]
    if not (answer.is_good and answer.text.endswith(MARK)):
        raise RolloutError(
            f"{name}: what is its own could not be removed, make no image of it: {answer.text[-500:].strip()}"
        )
