"""The balancer's settings in all the ways that change its configuration."""

from __future__ import annotations

from typing import Any

from slackwater import BackendTls, Cors, Hsts, RateLimit, Tls

CERTBOT = Tls.certbot(email="ops@example.com", domains=["shop.example.com", "www.shop.example.com"])
SITES = ["https://app.example.com", "https://admin.example.com:8443"]
VARIANTS: dict[str, dict[str, Any]] = {
    "nothing": {},
    "https": {"tls": Tls.self_signed()},
    "https only": {"tls": Tls.self_signed(), "redirect": True, "hsts": Hsts(max_age=365, subdomains=True)},
    "certbot": {"tls": CERTBOT, "redirect": True},
    "limited": {"rate_limit": RateLimit(), "block_patterns": True, "security_headers": True},
    "cors": {"cors": Cors(origins=SITES)},
    "cors with credentials": {"cors": Cors(origins=SITES, credentials=True)},
    "behind a proxy": {"trusted_proxies": ["10.0.0.0/8", "fd00::/8"], "redirect": True, "hsts": Hsts()},
    "proxy protocol": {"trusted_proxies": ["10.0.0.0/8"], "proxy_protocol": True, "tls": Tls.self_signed()},
    "maintenance": {"maintenance": True},
    "backends by TLS": {"backend_tls": BackendTls()},
    "no IPv6": {"ipv6": False, "tls": Tls.self_signed(), "method": "round_robin"},
    "everything": {
        "tls": CERTBOT,
        "redirect": True,
        "hsts": Hsts(),
        "rate_limit": RateLimit(burst=0),
        "block_patterns": True,
        "cors": Cors(origins=SITES, credentials=True),
        "security_headers": True,
        "trusted_proxies": ["10.0.0.0/8"],
        "maintenance": True,
        "backend_tls": BackendTls(name="app.internal"),
    },
}
