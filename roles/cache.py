"""Cache: Redis with a password, on the host's own address; a broker for a small fleet and the lab."""

from pyinfra import host
from pyinfra.api import deploy

from slackwater.engine import Directory, File, Service, hashed, listens, own_address, render, services, tree, until
from slackwater.settings import resolve

FOLDER = "/etc/slackwater/cache"
CONFIGURATION, USERS = f"{FOLDER}/redis.conf", f"{FOLDER}/users.acl"
UNIT = "redis-server.service"
DROP_IN = f"/etc/systemd/system/{UNIT}.d"


@deploy("cache")
def cache() -> None:
    """A change restarts it, and what it holds is read from the disk again; clients wait for it."""
    if "cache" not in host.groups:
        return
    told = resolve(host.data).require_cache()
    configuration = render("cache/redis.conf.j2", cache=told, address=own_address())
    unit = render("cache/redis.service.conf.j2", users=USERS, configuration=CONFIGURATION)
    files = [
        File(CONFIGURATION, configuration),
        File(USERS, render("cache/users.acl.j2", digest=hashed(told.password)), "600"),
        File(f"{DROP_IN}/slackwater.conf", unit),
    ]
    tree(name="settings", items=[Directory("/etc/slackwater"), Directory(FOLDER), Directory(DROP_IN), *files])
    # Of a new drop-in systemd does not always see that it should read it.
    until(
        name="unit read",
        question=f"systemctl show -P ExecStart {UNIT} | grep -o -e --aclfile || true",
        answer="--aclfile",
        command="systemctl daemon-reload",
    )
    services(name="service", wanted=[Service(UNIT, [file.path for file in files], "restart")])
    listens(name="port", program="redis-server", port=told.port, log="/var/log/redis/redis-server.log")
