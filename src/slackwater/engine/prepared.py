"""What every host that runs an app's release has: its user, its places, the host's own command, the release."""

from __future__ import annotations

from slackwater.engine.kinds import Kind, becomes
from slackwater.engine.operations import system_user, tree
from slackwater.engine.order import Order
from slackwater.engine.programs import programs
from slackwater.engine.releases import installed
from slackwater.engine.render import render
from slackwater.engine.slots import user_of
from slackwater.engine.values import Directory, File, Item
from slackwater.settings import App


def prepared(app: App, order: Order, kind: Kind) -> None:
    """All that is the same on every host: an image of it carries this, and nothing after it."""
    becomes(app, kind)
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
