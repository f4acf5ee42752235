"""Bundles: what a new instance needs to provision itself as a pushed run would, in one archive that never changes."""

from slackwater.bundle._build import Bundle, build

__all__ = ["Bundle", "build"]
