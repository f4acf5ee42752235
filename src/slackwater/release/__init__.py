"""Releases: one immutable archive of an app's source, its dependencies resolved once, on the operator's machine."""

from slackwater.release._build import build
from slackwater.release._identity import identify
from slackwater.release._store import Release

__all__ = ["Release", "build", "identify"]
