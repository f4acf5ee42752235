"""The balancer: nginx with an upstream of the app hosts that the inventory names."""

from pyinfra import host
from pyinfra.api import deploy

from slackwater.engine import NGINX_TEST, File, Service, addresses, data_of, render, services, tree
from slackwater.settings import resolve

SITE = "/etc/nginx/slackwater.d/balancer.conf"


@deploy("balancer")
def balancer() -> None:
    """Every path goes to the app hosts; a host that does not answer is tried again after `fail_timeout`."""
    ports = [resolve(data).require_app().port for data in data_of("app")]
    backends = [f"{address}:{port}" for address, port in zip(addresses("app"), ports, strict=True)]
    text = render("balancer/balancer.conf.j2", balancer=resolve(host.data).balancer, backends=backends)
    tree(name="configuration", items=[File(SITE, text)], check=NGINX_TEST)
    services(name="service", wanted=[Service("nginx.service", [SITE])])
