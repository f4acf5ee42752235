"""nginx on every host that has it; on an app host the app behind its socket, with health routes and drain gate."""

from pyinfra import host
from pyinfra.api import deploy

from slackwater.engine import (
    NGINX_TEST,
    Absent,
    Directory,
    File,
    Item,
    Service,
    addresses,
    render,
    services,
    tree,
)
from slackwater.settings import App, resolve

SITES = "/etc/nginx/slackwater.d"


@deploy("nginx")
def nginx() -> None:
    """Writes the whole configuration, tested by nginx before it is there; reloads, never restarts."""
    app = resolve(host.data).app if "app" in host.groups else None
    items: list[Item] = [
        Directory(SITES),
        File("/etc/nginx/nginx.conf", render("nginx/nginx.conf.j2")),
        _site(app) if app else Absent(f"{SITES}/app.conf"),
    ]
    tree(name="configuration", items=items, check=NGINX_TEST)
    services(
        name="service",
        wanted=[Service("nginx.service", [item.path for item in items if isinstance(item, File)])],
    )


def _site(app: App) -> File:
    own = {app.health.live, app.health.ready} - {"/"}
    routes = {"/.slackwater/live": app.health.live, "/.slackwater/ready": app.health.ready} | {url: url for url in own}
    text = render(
        "nginx/app.conf.j2", app=app, web=app.nginx, routes=sorted(routes.items()), trusted=addresses("balancer")
    )
    return File(f"{SITES}/app.conf", text)
