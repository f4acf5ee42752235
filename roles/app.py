"""The app: its release, a slot of its own for every change, proved before it is switched to."""

from pyinfra import host
from pyinfra.api import deploy

from slackwater.engine import (
    SYSTEMD_VERIFY,
    Directory,
    File,
    Item,
    Order,
    Service,
    System,
    ask,
    before_release,
    installed,
    makes_image,
    ordered,
    programs,
    proved,
    refuse,
    render,
    secrets_seen,
    services,
    slot,
    switched,
    system_user,
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
        _prepared(app, ordered(told))
        return
    seen = secrets_seen(app)
    if seen.fault:
        refuse(name="secrets", sentence=f"{host.name}: {seen.fault}")
        return
    order = ordered(told)
    wanted = slot(told, machine, order.release.id, seen.versions)
    boot = f"slackwater-{app.name}.service"
    _prepared(app, order)
    tree(name="slot and boot unit", items=[*_units(app), *wanted.items], check=SYSTEMD_VERIFY)
    before_release(name="before release", app=app, slot=wanted.name, order=order)
    switched(name="switch", told=told, slot=wanted.name, order=order)
    services(name="boot unit", wanted=[Service(boot)])
    proved(name="proved release", told=told, order=order)


def _prepared(app: App, order: Order) -> None:
    """All that is the same on every host: an image of it carries this, and nothing after it."""
    system_user(name="user", user=user_of(app), home=f"/var/lib/slackwater/{app.name}")
    tree(name="places and command", items=[*_places(app), *_programs(), *_mark(app, order)])
    installed(name="release", app=app, release=order.release)


def _places(app: App) -> list[Item]:
    user = user_of(app)
    home, settings, run = (f"/{base}/slackwater" for base in ("srv", "etc", "run"))
    return [
        *(Directory(path) for path in (home, settings, run, "/var/lib/slackwater", "/var/cache/slackwater")),
        *(Directory(f"{home}/{app.name}{path}") for path in ("", "/releases")),
        Directory(f"{home}/{app.name}/incoming", "700"),
        Directory(f"{settings}/{app.name}"),
        Directory(f"{run}/{app.name}"),
        Directory(f"{run}/{app.name}/control", "700", user, user),
        Directory("/var/log/slackwater"),
        Directory(f"/var/log/slackwater/{app.name}", "750", user, user),
        *(Directory(path, "750", user, user) for path in app.writable),
    ]


def _mark(app: App, order: Order) -> list[Item]:
    """What the fleet is meant to run, so that another store is known for one; a rollout notes it when it has ended."""
    known = not (order.is_first or order.is_given)
    return [File(f"/srv/slackwater/{app.name}/proved", f"{order.release.id}\n")] if known else []


def _programs() -> list[Item]:
    """The host's own command."""
    return [*programs("slots"), File("/usr/local/sbin/slackwater-slots", render("app/slackwater-slots.j2"), "755")]


def _units(app: App) -> list[Item]:
    return [
        File(f"/etc/tmpfiles.d/slackwater-{app.name}.conf", render("app/tmpfiles.conf.j2", app=app, user=user_of(app))),
        File(f"/etc/systemd/system/slackwater-{app.name}.service", render("app/boot.service.j2", app=app)),
    ]
