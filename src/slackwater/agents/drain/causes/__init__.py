"""Why a host leaves: one module a cause, and each says how far it goes and what it reads."""

from __future__ import annotations

from collections.abc import Mapping

from .cause import Cause, Notice, Reach
from .lifecycle import LIFECYCLE
from .maintenance import MAINTENANCE
from .operator import OPERATOR
from .rebalance import REBALANCE
from .shutdown import SHUTDOWN
from .spot import SPOT

__all__ = ["CAUSES", "Cause", "Notice", "Reach"]

CAUSES: Mapping[str, Cause] = {
    cause.name: cause for cause in (LIFECYCLE, SPOT, SHUTDOWN, OPERATOR, REBALANCE, MAINTENANCE)
}
"""By name."""
