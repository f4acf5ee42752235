"""One HTTP request over a connection of its own, every part of it with a limit: the look-up of the name, too."""

from __future__ import annotations

import http.client
import os
import socket
import threading
from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from functools import cache, partial
from typing import TYPE_CHECKING, Any
from urllib.parse import SplitResult, unquote, urlsplit

if TYPE_CHECKING:
    import ssl

LOOK_UP = 2.0
"""Seconds for a name: the C library alone would ask every name server in turn, and hold a machine's last seconds."""
PORTS = {"http": 80, "https": 443}
Addresses = Sequence[tuple[Any, ...]]


class Names:
    """Looks names up in threads, and gives what it has last found while nobody answers; of one name one at a time."""

    def __init__(self, look_up: Callable[..., Addresses] = socket.getaddrinfo) -> None:
        self._look_up, self._lock = look_up, threading.Lock()
        self._known: dict[tuple[str, int], Addresses] = {}
        self._asking: dict[tuple[str, int], _LookUp] = {}

    def addresses(self, host: str, port: int, limit: float) -> Addresses:
        """As socket.getaddrinfo gives them. `limit` is in seconds. Raises OSError."""
        key = (host, port)
        with self._lock:
            asking = self._asking.get(key)
            if asking is None or asking.is_over:
                asking = self._asking[key] = _LookUp(self._look_up, host, port)
                asking.start()
        asking.join(limit)
        if asking.found:
            self._known[key] = asking.found
        if key not in self._known:
            raise asking.error or TimeoutError(f"no name server tells the address of {host} within {limit:.0f} s")
        return self._known[key]


class _LookUp(threading.Thread):
    def __init__(self, look_up: Callable[..., Addresses], host: str, port: int) -> None:
        super().__init__(daemon=True)
        self._work = partial(look_up, host, port, type=socket.SOCK_STREAM)
        self.found: Addresses = ()
        self.error: OSError | None = None
        self.is_over = False

    def run(self) -> None:
        try:
            self.found = self._work()
        except OSError as error:
            self.error = error
        finally:
            self.is_over = True


def request(
    method: str, url: str, names: Names, *, body: bytes, headers: Mapping[str, str], limit: float
) -> http.client.HTTPResponse:
    """The answer, whatever its status; no redirect is followed. `limit` is in seconds without a byte.

    A proxy of the environment is used. Raises OSError and http.client.HTTPException.
    """
    parts = urlsplit(url)
    proxy = _proxy(parts)
    target, more = f"{parts.path or '/'}{f'?{parts.query}' if parts.query else ''}", {"connection": "close"}
    if proxy is not None and parts.scheme == "http":
        target, more = url, {**more, **_authorization(proxy)}
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port or PORTS[parts.scheme], timeout=limit)
    connection.sock = _connected(parts, proxy, limit, names)
    try:
        connection.request(method, target, body or None, {**headers, **more})
        return connection.getresponse()
    except (OSError, http.client.HTTPException):
        connection.close()
        raise


def _connected(parts: SplitResult, proxy: SplitResult | None, limit: float, names: Names) -> socket.socket:
    made = _dialled(proxy or parts, limit, names)
    if parts.scheme != "https":
        return made
    try:
        if proxy is not None:
            _tunnel(made, parts, proxy)
        return trusting().wrap_socket(made, server_hostname=parts.hostname)
    except (OSError, http.client.HTTPException):
        made.close()
        raise


def _dialled(parts: SplitResult, limit: float, names: Names) -> socket.socket:
    """One address after the other."""
    port = parts.port or PORTS.get(parts.scheme, 80)
    failed: OSError = OSError(f"{parts.hostname} has no address")
    for family, kind, protocol, _, address in names.addresses(parts.hostname or "", port, min(LOOK_UP, limit)):
        made = socket.socket(family, kind, protocol)
        made.settimeout(limit)
        try:
            made.connect(address)
        except OSError as error:
            made.close()
            failed = error
        else:
            return made
    raise failed


def _tunnel(made: socket.socket, parts: SplitResult, proxy: SplitResult) -> None:
    place = f"{parts.hostname}:{parts.port or 443}"
    lines = [f"CONNECT {place} HTTP/1.1", f"host: {place}"]
    lines += [f"{name}: {value}" for name, value in _authorization(proxy).items()]
    made.sendall("\r\n".join([*lines, "", ""]).encode())
    answer = http.client.HTTPResponse(made, method="CONNECT")
    answer.begin()
    if answer.status != 200:
        raise OSError(f"the proxy {proxy.hostname} answers with {answer.status}")


def _proxy(parts: SplitResult) -> SplitResult | None:
    """What knows the rules of proxies takes memory that hosts without one need not pay."""
    if not any(name.lower().endswith("_proxy") for name in os.environ):
        return None
    from urllib.request import getproxies, proxy_bypass

    found = getproxies().get(parts.scheme, "")
    if not found or proxy_bypass(parts.netloc):
        return None
    return urlsplit(found if "://" in found else f"http://{found}")


def _authorization(proxy: SplitResult) -> dict[str, str]:
    if not proxy.username:
        return {}
    words = f"{unquote(proxy.username)}:{unquote(proxy.password or '')}"
    return {"proxy-authorization": f"Basic {b64encode(words.encode()).decode()}"}


@cache
def trusting() -> ssl.SSLContext:
    """Whom the machine trusts, looked up by name where it keeps them so: all of them at once take two megabytes."""
    import ssl

    paths, told = ssl.get_default_verify_paths(), "SSL_CERT_FILE" in os.environ
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if paths.capath and not told:
        context.load_verify_locations(capath=paths.capath)
    else:
        context.load_default_certs()
    return context
