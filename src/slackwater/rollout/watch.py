"""When a host that was healthy has turned bad: pure, from one look to the next."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

FALL = 3
"""Looks in a row that must see a host unhealthy: one may be the network's."""


class Watch:
    """`restarts` of each app when the watch begins: one more is a crash, and that is certain at the first look.

    A host that could not be asked then is compared with its own first answer.
    """

    def __init__(self, names: Iterable[str], restarts: Mapping[str, int]) -> None:
        self._restarts = dict(restarts)
        self._times = dict.fromkeys(names, 0)

    def look(self, unhealthy: Mapping[str, str], restarts: Mapping[str, int]) -> dict[str, str]:
        """Hosts that have turned bad, and why."""
        self._times = {name: times + 1 if name in unhealthy else 0 for name, times in self._times.items()}
        for name, count in restarts.items():
            self._restarts[name] = min(count, self._restarts.get(name, count))
        fallen = {name: unhealthy[name] for name, times in self._times.items() if times >= FALL}
        return fallen | {name: "it crashed" for name, count in restarts.items() if count > self._restarts[name]}
