"""Edge: what clients meet before a request reaches an app host."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_network
from typing import Annotated

from pydantic import AfterValidator, InstanceOf

from slackwater.settings._base import Settings
from slackwater.settings._faults import Fault
from slackwater.settings._fields import AS_TUPLE, switch, text, whole
from slackwater.settings._ports import RESERVED_PORTS, port_conflicts
from slackwater.settings.cors import Cors
from slackwater.settings.hsts import Hsts
from slackwater.settings.rate_limit import RateLimit
from slackwater.settings.tls import Tls

NETWORK_ALLOWED = "an address or network such as '10.0.0.0/16', whose host part is zero"


def network(value: str) -> str:
    """Not everybody: a client that is trusted may say that it is another one."""
    try:
        found = ip_network(value)
    except ValueError as error:
        raise ValueError(f"must be {NETWORK_ALLOWED}") from error
    if found.prefixlen == 0:
        raise ValueError(f"must be {NETWORK_ALLOWED}, and not the whole internet")
    return str(found)


Network = Annotated[str, AfterValidator(network)]


class Edge(Settings):
    """What a client may do, and who it is."""

    port: int = whole(80, "Where the balancer listens for plain HTTP.", least=1, most=65535)
    ipv6: bool = switch(True, "Listen on IPv6 too; False on a host whose kernel was started without it.")
    tls: InstanceOf[Tls] | None = text(
        None,
        "The certificate; None speaks plain HTTP only.",
        allowed="Tls.files(…), Tls.self_signed() or Tls.certbot(…)",
    )
    https_port: int = whole(443, "Where it listens for HTTPS once it has `tls`.", least=1, most=65535)
    redirect: bool = switch(
        False, "Answer plain HTTP with 308 to HTTPS. Off: nobody is sent to a certificate that they do not trust yet."
    )
    hsts: InstanceOf[Hsts] | None = text(
        None, "Tell browsers to speak HTTPS only; sent over HTTPS alone. None: it cannot be undone.", allowed="Hsts(…)"
    )
    rate_limit: InstanceOf[RateLimit] | None = text(
        None, "More than that is answered 429. None: how much is too much depends on the app.", allowed="RateLimit(…)"
    )
    block_patterns: bool = switch(
        False, "Answer 403 to addresses with path traversal or injection in them. Off: an app may want such addresses."
    )
    cors: InstanceOf[Cors] | None = text(
        None, "Which other sites' pages may read answers. None leaves it to the app.", allowed="Cors(…)"
    )
    security_headers: bool = switch(
        False, "Send those of `Nginx` from here too, where an answer has none. Off: the app hosts send them."
    )
    trusted_proxies: Annotated[tuple[Network, ...], AS_TUPLE] = text(
        (),
        "Load balancers before this one, which say who the client is and whether it spoke HTTPS.",
        allowed=f"a list, each {NETWORK_ALLOWED}",
    )
    proxy_protocol: bool = switch(
        False, "They say it by the PROXY protocol instead of X-Forwarded-For; a connection without it is closed."
    )
    maintenance: bool = switch(
        False, "Answer 503 and the page to all but health checks; `/run/slackwater/maintenance` does it by hand."
    )
    maintenance_page: str | None = text(
        None, "A page of your own, in one file. None is a plain one.", allowed="a file of the project"
    )
    body_limit: int = whole(10, "The largest request body; a larger one is answered 413.", unit="MB", least=1)
    header_limit: int = whole(
        8, "The longest line of a request's head, of four; gunicorn takes 8 KB too.", unit="KB", least=1, most=8
    )
    client_header_timeout: int = whole(15, "For the whole head of a request.", unit="seconds", least=1)
    client_body_timeout: int = whole(30, "Between two reads of a request's body.", unit="seconds", least=1)
    client_send_timeout: int = whole(60, "Between two writes to a client.", unit="seconds", least=1)
    client_keepalive: int = whole(75, "How long a client's idle connection is kept.", unit="seconds", least=0)

    def conflicts(self) -> Iterator[Fault]:
        yield from port_conflicts(self, self.port)
        yield from self._https_port_conflicts()
        yield from self._https_conflicts()
        if self.proxy_protocol and not self.trusted_proxies:
            yield self.fault("proxy_protocol", "must have trusted_proxies: whoever else says it is not believed")

    def _https_port_conflicts(self) -> Iterator[Fault]:
        if self.https_port in RESERVED_PORTS or self.https_port == self.port:
            taken = ", ".join(map(str, sorted({self.port, *RESERVED_PORTS})))
            yield self.fault("https_port", f"must be another port from 1 to 65535: {taken} are taken")

    def _https_conflicts(self) -> Iterator[Fault]:
        """Behind a proxy that speaks HTTPS with the clients, both make sense without a certificate here."""
        if self.tls or (self.trusted_proxies and not self.proxy_protocol):
            return
        for field in ("redirect", "hsts"):
            if getattr(self, field):
                yield self.fault(field, "must have tls=Tls…, or trusted_proxies that speak HTTPS with the clients")
