"""Production: what it says beats what its groups say."""

from slackwater import Balancer, Cors, Hsts, RateLimit, Tls

environment = "production"
_sudo = True

# Put your own domain, address and sites here; docs/edge.md has each setting with its reason.
balancer = Balancer(
    tls=Tls.certbot(email="ops@example.com", domains=["shop.example.com"]),
    redirect=True,
    hsts=Hsts(max_age=180),
    rate_limit=RateLimit(per_minute=100, burst=50),
    block_patterns=True,
    cors=Cors(origins=["https://www.example.com"]),
)
