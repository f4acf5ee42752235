"""The change of a fleet that is under way: one at a time, by a record in the store that every operator reads."""

from slackwater.changes.change import Change, Changes, TakenOverError
from slackwater.changes.owner import Owner

__all__ = ["Change", "Changes", "Owner", "TakenOverError"]
