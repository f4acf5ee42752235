"""Certificates of the balancer and of app hosts that speak TLS: those that are given, and self-signed ones."""

from pyinfra import host
from pyinfra.api import deploy

from slackwater.engine import Directory, File, Item, render, tree, until
from slackwater.settings import HostSettings, Tls, resolve

FOLDER = "/etc/nginx/slackwater/tls"
DAYS = 3650
"""Nobody renews a self-signed one: it is made once and kept."""

MATCHES = """find "$stage" -name '*.pem' > "$stage/.keys"
while read -r file; do
  chain=$(openssl x509 -in "$file" -noout -pubkey) || exit 1
  [ "$(openssl pkey -in "$file" -passin pass: -pubout)" = "$chain" ] || {
    echo "the key is not that of the first certificate in the file, or it has a password" >&2
    exit 1
  }
done < "$stage/.keys"
"""
"""Else nginx would not start with it."""


@deploy("certificates")
def certificates() -> None:
    """Runs before the roles whose configuration names them: with a file that is missing nginx would not start."""
    told = resolve(host.data)
    served = _served(told)
    if not served:
        return
    given = {owner: tls for owner, tls in served.items() if tls.kind == "files"}
    items: list[Item] = [Directory("/etc/nginx/slackwater"), Directory(FOLDER, "700")]
    items += [File(tls.path(owner), tls.bundle(), "600") for owner, tls in given.items()]
    tree(name="files", items=items, check=MATCHES if given else "")
    paths = sorted({tls.path(owner) for owner, tls in served.items() if owner not in given})
    if paths:
        domains = sorted({domain for tls in served.values() for domain in tls.domains})
        shared = told.balancer.address if "balancer" in host.groups else None
        _self_signed(paths, [*(f"DNS:{domain}" for domain in domains), *([f"IP:{shared}"] if shared else [])])


def _served(told: HostSettings) -> dict[str, Tls]:
    """By the role that serves it; the role is the file's name."""
    found = {
        "balancer": told.balancer.tls if "balancer" in host.groups else None,
        "app": told.app.nginx.tls if "app" in host.groups and told.app else None,
    }
    return {owner: tls for owner, tls in found.items() if tls}


def _self_signed(paths: list[str], names: list[str]) -> None:
    """Also in the place of one that certbot is yet to fetch."""
    until(
        name="self-signed",
        question=f"for path in {' '.join(paths)}; do [ -s $path ] || echo missing; done",
        answer="",
        command=render("certificates/self_signed.j2", folder=FOLDER, paths=paths, names=names, days=DAYS),
    )
