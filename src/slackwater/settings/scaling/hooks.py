"""Hooks: the group waits for the instance at launch and at termination."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import InstanceOf

from slackwater.settings._base import Settings
from slackwater.settings._faults import Fault
from slackwater.settings._fields import part
from slackwater.settings.scaling.launch_hook import LaunchHook
from slackwater.settings.scaling.terminate_hook import TerminateHook


class Hooks(Settings):
    """Both are made with the group itself, so that no instance boots before them; None makes none."""

    launch: InstanceOf[LaunchHook] | None = part(
        LaunchHook, "Keeps an instance out of service until it serves.", allowed="LaunchHook(…), or None"
    )
    terminate: InstanceOf[TerminateHook] | None = part(
        TerminateHook, "Keeps an instance until it has drained.", allowed="TerminateHook(…), or None"
    )

    def conflicts(self) -> Iterator[Fault]:
        if self.launch and self.terminate and self.launch.name == self.terminate.name:
            yield self.terminate.fault("name", "must differ from the launch hook's: AWS keeps one hook a name")
