"""Nothing is asked twice: answers are kept until something on the host is changed."""

from __future__ import annotations

import json
from typing import Any
from weakref import WeakKeyDictionary

from pyinfra import host
from pyinfra.api import State

from slackwater.engine.facts import AnyFact

Answers = dict[tuple[str, ...], Any]
_answers: WeakKeyDictionary[State, dict[str, Answers]] = WeakKeyDictionary()


def ask(fact: AnyFact, **arguments: Any) -> Any:
    """The fact about the current host; None when it could not be read (the host has then failed already).

    Showing what would change and changing it are two phases with an operator's pause between them, so an answer of
    the first is not used in the second.
    """
    phase = "execute" if host.state.is_executing else "prepare"
    key = (phase, fact.__name__, json.dumps(arguments, sort_keys=True))
    known = _known()
    if key not in known:
        known[key] = host.get_fact(fact, **arguments)
    return known[key]


def forget() -> None:
    """Called before each command that changes the current host."""
    _known().clear()


def _known() -> Answers:
    return _answers.setdefault(host.state, {}).setdefault(host.name, {})
