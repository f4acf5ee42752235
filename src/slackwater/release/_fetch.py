"""Downloads a source archive; what it holds is looked at only after its sha256 was right."""

from __future__ import annotations

import hashlib
import shutil
import ssl
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from urllib.request import url2pathname

import requests
from requests.adapters import HTTPAdapter
from urllib3 import ProxyManager

from slackwater.errors import ReleaseError
from slackwater.release._address import shown

if TYPE_CHECKING:
    from slackwater.settings import App

# A server that does not answer would hold the deploy; both in seconds.
CONNECT_TIMEOUT = 10.0
READ_TIMEOUT = 60.0

CHUNK = 1 << 20


class _SystemCertificates(HTTPAdapter):
    """A company's own certificate authority is in the system's store, not in the one that requests brings."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs, ssl_context=ssl.create_default_context())

    def proxy_manager_for(self, *args: Any, **kwargs: Any) -> ProxyManager:
        context = ssl.create_default_context()
        manager: ProxyManager = super().proxy_manager_for(*args, **kwargs, ssl_context=context)
        return manager


def fetch(app: App, target: Path) -> None:
    """Raises ReleaseError when the archive cannot be had or is not the one that the settings name."""
    url = app.source.url
    try:
        _copy(url, target)
    except OSError as error:
        raise ReleaseError(f"app {app.name}: its source {shown(url)} could not be fetched: {_why(error)}") from error
    with target.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != app.source.sha256:
        raise ReleaseError(
            f"app {app.name}: its source {shown(url)} has sha256 {found}, but the settings say {app.source.sha256}: "
            "if the new archive is meant, write its sha256 into the settings; nothing was unpacked"
        )


def _copy(url: str, target: Path) -> None:
    if url.startswith("file:"):
        shutil.copyfile(url2pathname(urlsplit(url).path), target)
        return
    with requests.Session() as session:
        session.mount("https://", _SystemCertificates())
        with session.get(url, stream=True, timeout=(CONNECT_TIMEOUT, READ_TIMEOUT)) as response:
            response.raise_for_status()
            with target.open("wb") as file:
                file.writelines(response.iter_content(CHUNK))


def _why(error: OSError) -> str:
    """The status or the kind of failure: the text of an HTTP error would show the address with its credentials."""
    if isinstance(error, requests.HTTPError) and error.response is not None:
        return f"the server answered {error.response.status_code}"
    if isinstance(error, requests.RequestException):
        return type(error).__name__
    return error.strerror or type(error).__name__
