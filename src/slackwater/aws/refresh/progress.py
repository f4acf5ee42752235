"""Progress of a refresh: a line for whatever has changed since the last look."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from slackwater.aws.group import Group, Member
from slackwater.aws.refresh.found import Refresh, by_version

Say = Callable[[str, str], None]
"""Told who, an instance or "" for the group, and what."""
Bar = Callable[[Refresh], None]
"""Told each look."""


@dataclass
class Progress:
    say: Say
    bar: Bar = lambda _: None
    _instances: dict[str, str] = field(default_factory=dict)
    _refresh: str = ""

    def show(self, refresh: Refresh, group: Group) -> None:
        self.bar(refresh)
        self._show_instances(group.members)
        reason = f": {refresh.reason}" if refresh.reason else ""
        halted = f"; suspended: {', '.join(group.suspended)}" if group.suspended else ""
        head = f"{refresh.status} {refresh.percentage} %, {refresh.left} to replace"
        line = f"{head}; {by_version(group.members)}{halted}{reason}"
        if line != self._refresh:
            self._refresh = line
            self.say("", line)

    def _show_instances(self, members: Sequence[Member]) -> None:
        """The first look says who is there; then only what changes."""
        now = {one.id: f"version {one.version or '?'}: {one.state}" for one in members}
        for instance, told in now.items():
            if self._instances.get(instance) != told:
                self.say(instance, told)
        for gone in self._instances.keys() - now.keys():
            self.say(gone, f"{self._instances[gone].partition(':')[0]}: gone")
        self._instances = now
