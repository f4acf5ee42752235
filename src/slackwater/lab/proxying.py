"""What a forward proxy reads: requests as they come, what of an answer may be kept, and the proxy that it must use."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from urllib.parse import SplitResult, unquote, urlsplit
from urllib.request import getproxies, proxy_bypass

from slackwater.lab.package_cache import is_immutable

_HOP_BY_HOP = ("connection", "keep-alive", "proxy-authorization", "proxy-connection")


class RefusalError(Exception):
    """The request is answered with this status line and nothing else."""


@dataclass(frozen=True)
class Parent:
    """The proxy that this machine itself must use."""

    host: str
    port: int
    authorization: str | None

    @property
    def header(self) -> str:
        return f"Proxy-Authorization: {self.authorization}\r\n" if self.authorization else ""


def parent_for(scheme: str, host: str) -> Parent | None:
    """As curl and apt read the environment: http_proxy, https_proxy, no_proxy."""
    proxies = getproxies()
    if scheme not in proxies or proxy_bypass(host):
        return None
    url = urlsplit(proxies[scheme])
    login = f"{unquote(url.username)}:{unquote(url.password or '')}" if url.username else None
    secret = f"Basic {base64.b64encode(login.encode()).decode()}" if login else None
    return Parent(url.hostname or "", url.port or 80, secret)


@dataclass(frozen=True)
class Request:
    """The head of a request, as it came; `url` is what is asked for."""

    method: str
    target: str
    headers: tuple[str, ...]

    @property
    def url(self) -> SplitResult:
        return urlsplit(f"//{self.target}" if self.method == "CONNECT" else self.target)

    @property
    def is_cacheable(self) -> bool:
        partial = any(header.lower().startswith("range:") for header in self.headers)
        return self.method == "GET" and not self.url.query and is_immutable(self.url.path) and not partial

    def head(self, parent: Parent | None) -> bytes:
        """The head to send on: whole URL to a parent, path to the server itself; one request a connection."""
        path = (self.url.path or "/") + (f"?{self.url.query}" if self.url.query else "")
        kept = [h for h in self.headers if h.partition(":")[0].lower() not in _HOP_BY_HOP]
        lines = [f"{self.method} {self.target if parent else path} HTTP/1.1", *kept, "Connection: close"]
        return ("\r\n".join(lines) + "\r\n" + (parent.header if parent else "") + "\r\n").encode("latin-1")


def parse_request(head: bytes) -> Request:
    first, *headers = head.decode("latin-1").rstrip("\r\n").split("\r\n")
    words = first.split(" ")
    if len(words) != 3 or not words[2].startswith("HTTP/1."):
        raise RefusalError("400 Bad Request")
    request = Request(words[0], words[1], tuple(headers))
    if not request.url.hostname or (request.method != "CONNECT" and request.url.scheme != "http"):
        raise RefusalError("400 Not A Proxy Request")
    return request


def body_size(head: bytes) -> int | None:
    """The length of a whole, plain answer; None for any other, which is passed on and not kept."""
    first, *headers = head.decode("latin-1").lower().split("\r\n")
    values = dict(header.partition(":")[::2] for header in headers)
    whole = first.split(" ")[1:2] == ["200"] and "transfer-encoding" not in values
    length = values.get("content-length", "").strip()
    return int(length) if whole and length.isdecimal() else None
