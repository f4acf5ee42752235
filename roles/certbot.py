"""certbot: fetches the balancer's certificate once nginx answers the authority, and renews it."""

from pyinfra import host
from pyinfra.api import deploy

from slackwater.engine import File, Service, packages, render, services, tree, until
from slackwater.settings import Tls, resolve

HOOK = "/usr/local/sbin/slackwater-certificate"
WEBROOT = "/var/lib/slackwater/acme"
LINEAGE = "/etc/letsencrypt/live/slackwater"
DONE = "/etc/letsencrypt/slackwater"
"""What was asked for, written when it was there: other domains are another certificate."""


@deploy("certbot")
def certbot() -> None:
    """Runs after the role nginx: the authority's question comes to port 80 while certbot waits."""
    tls = resolve(host.data).balancer.tls if "balancer" in host.groups else None
    if tls is None or tls.kind != "certbot":
        return
    packages(name="package", names=["certbot"])
    tree(name="hook", items=[File(HOOK, render("certbot/deployed.j2", path=tls.path("balancer")), "755")])
    services(name="renewal", wanted=[Service("certbot.timer")])
    _fetch(tls)


def _fetch(tls: Tls) -> None:
    wanted = " ".join([*tls.domains, str(tls.email), tls.server or "default"])
    command = render("certbot/fetch.j2", tls=tls, wanted=wanted, webroot=WEBROOT, hook=HOOK, done=DONE, lineage=LINEAGE)
    served = f"cat {LINEAGE}/fullchain.pem {LINEAGE}/privkey.pem | cmp -s - {tls.path('balancer')}"
    until(
        name="certificate",
        # certbot goes on when the hook has failed: nginx would serve the former certificate until the next renewal.
        question=f"if [ -e {LINEAGE}/fullchain.pem ]; then cat {DONE} 2>/dev/null || true; {served} || echo stale; fi",
        answer=wanted,
        command=command,
    )
