"""`build` into a directory, for callers that have no store's settings."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from slackwater.release._release import Release
from slackwater.release._releases import Say, open_releases, silently
from slackwater.settings import Store

if TYPE_CHECKING:
    from slackwater.settings import App


def build(app: App, *, project: Path, store: Path, say: Say = silently) -> Release:
    """The release of the app's source in the directory `store`, built unless it is there already."""
    return open_releases(Store.directory(str(store.absolute())), project).build(app, say=say)
