"""A worker host's slot: Celery from the release, and on one host of the fleet the beat beside it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from types import MappingProxyType

from slackwater.engine.facts import Machine
from slackwater.engine.render import render
from slackwater.engine.slots import MEMORY_STEP, UNITS, Slot, assembled, hooks, identity, user_of
from slackwater.engine.values import File
from slackwater.resources import resource
from slackwater.settings import HostSettings, Worker, slot_mb


def worker_slot(
    told: HostSettings,
    machine: Machine,
    release: str,
    *,
    has_beat: bool,
    versions: Mapping[str, str] = MappingProxyType({}),
) -> Slot:
    """The slot of `release` on this host, with every file that it consists of."""
    return assembled(told, release, versions, lambda name: _files(told, machine, release, name, has_beat=has_beat))


def _files(told: HostSettings, machine: Machine, release: str, name: str, *, has_beat: bool) -> list[File]:
    app, worker = told.require_app(), told.require_worker()
    values = {
        **identity(app, release, name),
        "worker": worker,
        "concurrency": worker.concurrency or machine.cores,
        "memory_max": worker.memory_max or slot_mb(machine.memory // MEMORY_STEP * MEMORY_STEP),
    }
    folder, group = str(values["folder"]), user_of(app)
    beat = [File(f"{UNITS}/celery-{app.name}-beat@{name}.service", render("worker/beat.service.j2", **values))]
    return [
        File(f"{UNITS}/celery-{app.name}@{name}.service", render("worker/worker.service.j2", **values)),
        *(beat if has_beat else []),
        File(f"{folder}/slackwater_celery.py", resource("working.py").read_text(), "640", group=group),
        File(f"{folder}/slot.json", _facts(told, worker, release, has_beat=has_beat), "640"),
        *hooks(app, values),
    ]


def _facts(told: HostSettings, worker: Worker, release: str, *, has_beat: bool) -> str:
    """What the host itself needs to know of the slot to prove and to stop it; times in seconds."""
    facts = {
        "release": release,
        "beat": has_beat,
        "proofs": 1,
        "stable": worker.stable,
        "start_deadline": worker.start_deadline,
        "stop_timeout": worker.stop_timeout,
        "idle_timeout": 0,
        "hook_timeout": told.require_app().hook_timeout,
        "public": [],
    }
    return json.dumps(facts, indent=2) + "\n"
