"""What the apps carried out: each writes the id of every POST that it begins into its host's ledger, a line each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Executed:
    """`twice` ids were carried out more than once; `never` were answered 2xx and never carried out; `unanswered` were
    carried out while their client got no 2xx answer."""

    twice: Counter[str]
    never: frozenset[str]
    unanswered: frozenset[str]


def twice(ledgers: Iterable[str]) -> Counter[str]:
    """Ids that occur more than once over all ledgers (their text), with how often."""
    return _repeated(_counted(ledgers))


def executed(ledgers: Iterable[str], run: str, answered: frozenset[str]) -> Executed:
    """Of one run, whose ids begin with its word."""
    counted = _counted(ledgers)
    ours = Counter({name: count for name, count in counted.items() if name.startswith(f"{run}-")})
    return Executed(_repeated(ours), answered - ours.keys(), frozenset(ours.keys() - answered))


def _counted(ledgers: Iterable[str]) -> Counter[str]:
    return Counter(line for text in ledgers for line in text.splitlines() if line)


def _repeated(counted: Counter[str]) -> Counter[str]:
    return Counter({name: count for name, count in counted.items() if count > 1})
