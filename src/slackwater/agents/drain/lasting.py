"""Metadata whose credentials outlast its silence: a leave must not end because nobody could renew them."""

from __future__ import annotations

from ..metadata import Keys, Metadata, MetadataError

AGAIN = 10.0
"""Seconds with those that it has, before it is asked again."""


class Lasting(Metadata):
    """They are good for hours, also those that were refused: AWS refuses a right far more often than whom it knows."""

    _last: Keys | None = None
    _again = float("-inf")

    def keys(self) -> Keys:
        last = self._last
        if last is not None and self._clock() <= self._again:
            return last
        try:
            found = super().keys()
        except (MetadataError, LookupError):
            if last is None:
                raise
            found, self._again = last, self._clock() + AGAIN
        self._last = found
        return found
