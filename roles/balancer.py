"""The balancer: nginx with an upstream of the app hosts that the inventory names."""

from pyinfra import host
from pyinfra.api import deploy

from slackwater.engine import NGINX_TEST, Directory, File, addresses, data_of, render, tree
from slackwater.settings import resolve

SITES = "/etc/nginx/slackwater.d"


@deploy("balancer")
def balancer() -> None:
    """Every path goes to the app hosts. Runs before the role nginx, which reloads once for all files."""
    ports = [resolve(data).require_app().port for data in data_of("app")]
    backends = [f"{_host(address)}:{port}" for address, port in zip(addresses("app"), ports, strict=True)]
    text = render("balancer/balancer.conf.j2", balancer=resolve(host.data).balancer, backends=backends)
    tree(name="configuration", items=[Directory(SITES), File(f"{SITES}/balancer.conf", text)], check=NGINX_TEST)


def _host(address: str) -> str:
    return f"[{address}]" if ":" in address else address
