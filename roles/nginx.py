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
    listens,
    render,
    services,
    tree,
    until,
)
from slackwater.settings import App, HostSettings, resolve

SITES = "/etc/nginx/slackwater.d"
UNIT = "/etc/systemd/system/nginx.service.d"
LOG = "/var/log/nginx/error.log"
QUIT = "/sbin/start-stop-daemon --quiet --stop --retry QUIT/{} --pidfile /run/nginx.pid"
BEFORE_ITS_END = {
    "lua": "/usr/bin/env PYTHONPATH=/usr/local/lib/slackwater PYTHONDONTWRITEBYTECODE=1 python3 -sP -m agents.closing",
    "reload": "/bin/sleep 2",
}
"""What a balancer does when it is told to end, by the way in which its members change."""


@deploy("nginx")
def nginx() -> None:
    """Writes the configuration, tested before it is there; reloads, never restarts. Runs after the role balancer."""
    told = resolve(host.data)
    app = told.app if "app" in host.groups else None
    site = _site(app) if app else Absent(f"{SITES}/app.conf")
    items: list[Item] = [Directory(SITES), File("/etc/nginx/nginx.conf", render("nginx/nginx.conf.j2")), site]
    if "balancer" not in host.groups:
        items.append(Absent(f"{SITES}/balancer.conf"))
    unit(_longest(told), BEFORE_ITS_END[told.balancer.changes] if "balancer" in host.groups else "")
    tree(name="configuration", items=items, check=NGINX_TEST)
    services(name="service", wanted=[Service("nginx.service", _read_by_nginx(items))])
    if app:
        listens(name="listening", program="nginx", port=app.port, log=LOG)
    if "balancer" in host.groups:
        secure = [told.balancer.https_port] if told.balancer.tls else []
        for port in (told.balancer.port, *secure):
            listens(name=f"listening as balancer on {port}", program="nginx", port=port, log=LOG)


def unit(seconds: int, before_its_end: str) -> None:
    """nginx's own unit, and whether systemd has read it: of a new drop-in it does not always see that it should."""
    commands = [command for command in (before_its_end, QUIT.format(seconds)) if command]
    text = render("nginx/nginx.service.conf.j2", seconds=seconds, commands=commands)
    tree(name="unit", items=[Directory(UNIT), File(f"{UNIT}/slackwater.conf", text)])
    until(
        name="unit read",
        question="systemctl show -P ExecStop -P Restart nginx.service "
        "| grep -oE 'argv\\[\\]=[^;]*|^on-failure' | sed 's/ $//' | LC_ALL=C sort",
        answer="\n".join(sorted([*(f"argv[]={command}" for command in commands), "on-failure"])),
        command="systemctl daemon-reload",
    )


def _read_by_nginx(items: list[Item]) -> list[str]:
    """The folder too: its time tells that a file was removed."""
    balancer = [f"{SITES}/balancer.conf"] if "balancer" in host.groups else []
    return [SITES, *(item.path for item in items if isinstance(item, File)), *balancer]


def _longest(told: HostSettings) -> int:
    """Seconds that a request may take here: so long nginx finishes when the machine goes down."""
    as_app = told.require_app().nginx.read_timeout if "app" in host.groups else 0
    return max(as_app, told.balancer.read_timeout if "balancer" in host.groups else 0)


def _site(app: App) -> File:
    own = {app.health.live, app.health.ready} - {"/"}
    routes = {"/.slackwater/live": app.health.live, "/.slackwater/ready": app.health.ready} | {url: url for url in own}
    text = render(
        "nginx/app.conf.j2", app=app, web=app.nginx, routes=sorted(routes.items()), trusted=addresses("balancer")
    )
    return File(f"{SITES}/app.conf", text)
