"""GroupHealth: what makes the group replace an instance."""

from __future__ import annotations

from typing import Literal, get_args

from slackwater.settings._base import Settings
from slackwater.settings._fields import choice, whole

Kind = Literal["EC2", "ELB"]


class GroupHealth(Settings):
    """EC2 looks at the machine; ELB also at the app's live path through a target group."""

    kind: Kind = choice("EC2", "Whose word counts.", get_args(Kind))
    grace: int = whole(120, "From being in service until the first word counts.", unit="seconds", least=0, most=7200)
