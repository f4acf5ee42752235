"""The app: its release, a slot of its own for every change, proved before it is switched to."""

from pyinfra import host
from pyinfra.api import deploy

from slackwater.engine import (
    SYSTEMD_VERIFY,
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
    secrets_seen,
    services,
    slot,
    switched,
    tree,
    user_of,
)
from slackwater.settings import App, resolve


@deploy("app")
def app() -> None:
    """Nothing that serves is restarted: a change is a new slot, proved on its own socket, switched in by rename."""
    told = resolve(host.data)
    machine = ask(System)
    if machine is None:
        return
    app = told.require_app()
    if makes_image():
        prepared(app, ordered(told), "app")
        return
    seen = secrets_seen(app)
    if seen.fault:
        refuse(name="secrets", sentence=f"{host.name}: {seen.fault}")
        return
    order = ordered(told)
    wanted = slot(told, machine, order.release.id, seen.versions)
    boot = f"slackwater-{app.name}.service"
    prepared(app, order, "app")
    tree(name="slot and boot unit", items=[*_units(app), *wanted.items], check=SYSTEMD_VERIFY)
    before_release(name="before release", app=app, slot=wanted.name, order=order)
    switched(name="switch", told=told, slot=wanted.name, order=order)
    services(name="boot unit", wanted=[Service(boot)])
    proved(name="proved release", told=told, order=order)


def _units(app: App) -> list[Item]:
    return [
        File(f"/etc/tmpfiles.d/slackwater-{app.name}.conf", render("app/tmpfiles.conf.j2", app=app, user=user_of(app))),
        File(f"/etc/systemd/system/slackwater-{app.name}.service", render("app/boot.service.j2", app=app)),
    ]
