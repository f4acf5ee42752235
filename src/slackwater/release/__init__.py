"""Releases: one immutable archive of an app's source, its dependencies resolved once, and the store that keeps them."""

from slackwater.release._compatible import build
from slackwater.release._declared import Declared, declared
from slackwater.release._identity import identify
from slackwater.release._manifest import Manifest
from slackwater.release._proved import Proved
from slackwater.release._release import Release
from slackwater.release._releases import Releases, open_releases
from slackwater.release.store import DirectoryFiles, Files, S3Files

__all__ = [
    "Declared",
    "DirectoryFiles",
    "Files",
    "Manifest",
    "Proved",
    "Release",
    "Releases",
    "S3Files",
    "build",
    "declared",
    "identify",
    "open_releases",
]
