"""Metadata whose credentials outlast its silence: a leave must not end because nobody could renew them."""

from __future__ import annotations

from ..metadata import Keys, Metadata, MetadataError

AGAIN = 10.0
"""Seconds with those that it has, before it is asked again."""


class Lasting(Metadata):
    """They are good for hours; those that AWS has refused are gone all the same."""

    _last: Keys | None = None
    _again = float("-inf")

    def keys(self) -> Keys:
        last = self._last
        if last is not None and self._clock() <= self._again:
            return last
        try:
            found = super().keys()
        except MetadataError:
            if last is None:
                raise
            found, self._again = last, self._clock() + AGAIN
        self._last = found
        return found

    def forget_keys(self) -> None:
        super().forget_keys()
        self._last, self._again = None, float("-inf")
