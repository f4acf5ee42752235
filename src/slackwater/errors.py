"""Every error that Slackwater raises, in one tree.

SlackwaterError
├── SettingsError      what the user declared is wrong (also a ValueError)
├── ReleaseError       a release could not be built, stored, fetched or verified
├── RolloutError       a fleet could not be brought to a release, or somebody else is at it
├── CloudError         AWS refused, did not answer, or holds what is not ours
└── LabError           the lab cannot do what was asked on this machine
"""

from __future__ import annotations


class SlackwaterError(Exception):
    """The text is a sentence for the operator: what is wrong, where, and what to do."""


class SettingsError(SlackwaterError, ValueError):
    """Names file, field, value and what is allowed; several faults stand one a line."""


class ReleaseError(SlackwaterError):
    """Names the release and what failed; nothing was deployed."""


class RolloutError(SlackwaterError):
    """Names the host and the step, or who holds the fleet; what was done about it."""


class CloudError(SlackwaterError):
    """Names the AWS request and why it failed; `code` is AWS's own word, empty when it had none."""

    def __init__(self, text: str, code: str = "") -> None:
        super().__init__(text)
        self.code = code


class LabError(SlackwaterError):
    """Names the host or what the machine lacks."""
