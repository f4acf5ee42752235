"""Workers: Celery from the app's release, a slot of its own for every change, proved before the old one ends."""

from pyinfra import host
from pyinfra.api import deploy

from slackwater.engine import (
    SYSTEMD_VERIFY,
    Directory,
    File,
    Item,
    Service,
    System,
    ask,
    before_release,
    makes_image,
    ordered,
    prepared,
    proved,
    refuse,
    render,
    runs_beat,
    secrets_seen,
    services,
    switched,
    told,
    tree,
    user_of,
    worker_slot,
)
from slackwater.settings import App


@deploy("worker")
def worker() -> None:
    """The new slot consumes; then the old one is told to stop, finishes its tasks, and ends."""
    if "worker" not in host.groups:
        return
    settings, machine = told(), ask(System)
    if machine is None:
        return
    app, order = settings.require_app(), ordered(settings)
    if makes_image():
        prepared(app, order, "worker")
        return
    seen = secrets_seen(app)
    if seen.fault:
        refuse(name="secrets", sentence=f"{host.name}: {seen.fault}")
        return
    wanted = worker_slot(settings, machine, order.release.id, has_beat=_has_beat(), versions=seen.versions)
    boot = f"slackwater-{app.name}.service"
    prepared(app, order, "worker")
    tree(name="slot and boot unit", items=[*_units(app), *wanted.items], check=SYSTEMD_VERIFY)
    before_release(name="before release", app=app, slot=wanted.name, order=order)
    switched(name="switch", told=settings, slot=wanted.name, order=order)
    services(name="boot unit", wanted=[Service(boot)])
    proved(name="proved release", told=settings, order=order)


def _has_beat() -> bool:
    return told().require_worker().beat and runs_beat()


def _units(app: App) -> list[Item]:
    user = user_of(app)
    tmpfiles = render("worker/tmpfiles.conf.j2", app=app, user=user)
    return [
        File(f"/etc/slackwater/{app.name}/worker", "This host carries out tasks.\n"),
        Directory(f"/run/slackwater/{app.name}/backlog", "755", user, user),
        File(f"/etc/tmpfiles.d/slackwater-{app.name}.conf", tmpfiles),
        File(f"/etc/systemd/system/slackwater-{app.name}.service", render("worker/boot.service.j2", app=app)),
    ]
