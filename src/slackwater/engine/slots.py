"""A slot: a release and its rendered settings, named after both, so that any change of either is another slot."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from slackwater.engine.facts import Machine
from slackwater.engine.render import render
from slackwater.engine.values import Directory, File, Item
from slackwater.resources import resource
from slackwater.settings import App, HostSettings, Secret, memory_max_mb, workers

UNITS = "/etc/systemd/system"
UNNAMED = "@slackwater-slot-0f3c9a@"
"""Stands for the slot's name while that is computed from the rendered files."""
LEAST_IDLE = 10
"""Seconds that an old slot gets to become idle; it ends sooner when it is."""
LEAST_PROOFS = 5
"""Ready answers in a row before a slot is switched to; always more than it has workers: one has then said so twice."""
SERVING = "uvicorn_worker.UvicornWorker"
"""The worker class that comes with an ending of our own for WebSockets."""
LAUNCHER = "/usr/local/lib/slackwater/agents/slots/launch.py"
FilesOf = Callable[[str], list[File]]
MEMORY_STEP = 64
"""MB: a new kernel shows a few more or less, and that is no reason for a new slot."""


def user_of(app: App) -> str:
    """The app's system user: the prefix keeps it apart from the system's own; Linux takes 32 characters."""
    return f"sw-{app.name}"[:32]


@dataclass(frozen=True)
class Slot:
    name: str
    items: tuple[Item, ...]


def slot(
    told: HostSettings, machine: Machine, release: str, versions: Mapping[str, str] = MappingProxyType({})
) -> Slot:
    """The slot of `release` on this host, with every file that it consists of.

    `versions` are those of the secrets that the host resolves itself: another version is another slot.
    """
    return assembled(told, release, versions, lambda name: _files(told, machine, release, name))


def assembled(told: HostSettings, release: str, versions: Mapping[str, str], files_of: FilesOf) -> Slot:
    """`files_of` renders a slot's own files for the name that it is given."""
    unnamed = [*files_of(UNNAMED), *shared(told, UNNAMED), *_references(told, versions, UNNAMED)]
    content = json.dumps([(file.path, file.mode, file.content) for file in unnamed])
    name = f"{release}-{hashlib.sha256(content.encode()).hexdigest()[:8]}"
    files = [_named(file, name) for file in unnamed]
    folder, group = f"/etc/slackwater/{told.require_app().name}/{name}", user_of(told.require_app())
    return Slot(name, (Directory(folder, "750", group=group), Directory(f"{folder}/secrets", "700"), *files))


def _named(file: File, name: str) -> File:
    path, content = (text.replace(UNNAMED, name) for text in (file.path, file.content))
    return File(path, content, file.mode, file.owner, file.group)


def _files(told: HostSettings, machine: Machine, release: str, name: str) -> list[File]:
    app = told.require_app()
    values = _values(told, machine, release, name)
    unit, folder, group = f"{UNITS}/slackwater-{app.name}@{name}", str(values["folder"]), user_of(app)
    return [
        File(f"{unit}.socket", render("app/slot.socket.j2", **values)),
        File(f"{unit}.service", render("app/slot.service.j2", **values)),
        File(f"{folder}/gunicorn.conf.py", render("app/gunicorn.conf.py.j2", **values), "640", group=group),
        *([File(f"{folder}/slackwater_serving.py", _serving(), "640", group=group)] if values["serving"] else []),
        File(f"{folder}/slot.json", _facts(told, release, values), "640"),
        *hooks(app, values),
    ]


def shared(told: HostSettings, name: str) -> list[File]:
    """What the app is told wherever it runs: its variables, and secrets of the operator's machine."""
    app = told.require_app()
    folder = f"/etc/slackwater/{app.name}/{name}"
    return [
        File(f"{folder}/environment", environment_file(told.env), "600"),
        *(File(f"{folder}/secrets/{key}", secret.read(), "600") for key, secret in _carried(app)),
    ]


def _carried(app: App) -> list[tuple[str, Secret]]:
    """Those whose values come from the operator's machine."""
    return [(name, secret) for name, secret in sorted(app.secrets.items()) if not secret.is_of_the_instance]


def _references(told: HostSettings, versions: Mapping[str, str], name: str) -> list[File]:
    """Names, from which the host makes the files of the others before the slot starts."""
    app = told.require_app()
    named = {key: app.secrets[key].reference() | {"seen": version} for key, version in sorted(versions.items())}
    path = f"/etc/slackwater/{app.name}/{name}/secrets.json"
    return [File(path, json.dumps(named, indent=2) + "\n", "600")] if named else []


def _serving() -> str:
    return resource("serving.py").read_text()


def hooks(app: App, values: dict[str, object]) -> list[File]:
    """Those of a release, which the first host of a rollout runs; whichever kind it is."""
    return [file for hook, command in _hooks(app) for file in _hook(app, hook, command, values)]


def _hooks(app: App) -> list[tuple[str, str]]:
    hooks = {"before_release": app.before_release, "after_release": app.after_release}
    return [(hook, command) for hook, command in hooks.items() if command]


def _hook(app: App, hook: str, command: str, values: dict[str, object]) -> list[File]:
    """A unit of its own, and the command in a file: a unit's own quoting would change it."""
    unit = f"{UNITS}/slackwater-{app.name}.{hook}@{values['slot']}.service"
    text = render("app/hook.service.j2", hook=hook, launcher=LAUNCHER, **values)
    return [File(unit, text), File(f"{values['folder']}/{hook}", command, "640", group=user_of(app))]


def identity(app: App, release: str, name: str) -> dict[str, object]:
    """What the app's own process and its hooks share, templates/app/process.j2 among them."""
    return {
        "app": app,
        "folder": f"/etc/slackwater/{app.name}/{name}",
        "slot": name,
        "release": release,
        "user": user_of(app),
        "place": f"/srv/slackwater/{app.name}/releases/{release}",
        "secrets": sorted(app.secrets),
    }


def _values(told: HostSettings, machine: Machine, release: str, name: str) -> dict[str, object]:
    app, server = told.require_app(), told.server
    memory = machine.memory // MEMORY_STEP * MEMORY_STEP
    worker_class = server.effective_worker_class(app.interface)
    return {
        **identity(app, release, name),
        "server": server,
        "serving": worker_class == SERVING,
        "websocket_spread": server.websocket_spread if worker_class == SERVING else None,
        "worker_class": worker_class,
        "workers": workers(server, cores=machine.cores, memory_mb=memory, environment=told.environment),
        "memory_max": memory_max_mb(server, cores=machine.cores, memory_mb=memory, environment=told.environment),
        "stop_timeout": server.effective_stop_timeout,
    }


def _facts(told: HostSettings, release: str, values: dict[str, Any]) -> str:
    """What the VM itself needs to know of the slot to prove and to stop it; times in seconds."""
    app = told.require_app()
    health = app.health
    facts = {
        "release": release,
        "live": health.live,
        "ready": health.ready,
        "proofs": max(LEAST_PROOFS, values["workers"] + 1),
        "stable": health.stable,
        "host": health.host,
        "timeout": health.timeout,
        "start_deadline": health.start_deadline,
        "stop_timeout": told.server.effective_stop_timeout,
        "idle_timeout": max(LEAST_IDLE, app.nginx.read_timeout - told.server.graceful_timeout),
        "hook_timeout": app.hook_timeout,
        "public": [folder.directory for folder in app.static],
    }
    return json.dumps(facts, indent=2) + "\n"


def environment_file(values: dict[str, str]) -> str:
    """systemd's EnvironmentFile: double quotes, in which only these four need a backslash."""
    return "".join(f'{key}="{_escaped(value)}"\n' for key, value in sorted(values.items()))


def _escaped(value: str) -> str:
    return "".join(f"\\{letter}" if letter in '"\\`$' else letter for letter in value)
