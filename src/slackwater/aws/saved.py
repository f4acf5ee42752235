"""A plan as JSON: what programs read, and what `apply --plan` holds against the world of the day."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any

from slackwater.aws.call import Call, Joined, Ref, Upload
from slackwater.aws.plan import Plan
from slackwater.aws.world import World
from slackwater.errors import CloudError

FORMAT = 1
LONG_TEXTS = ("UserData",)
"""Shown by their hash: nobody reads them in a plan, and what an operator puts into one must not end up in CI logs."""


def as_json(plan: Plan) -> dict[str, Any]:
    calls = [call_as_json(call) for call in plan.calls]
    return {"group": plan.group, "calls": calls, "notes": list(plan.notes), "changes": len(calls)}


def call_as_json(call: Call) -> dict[str, Any]:
    named = {"service": call.service, "method": call.method, "reason": call.reason}
    return {**named, "arguments": plain(call.arguments)}


def plain(value: Any) -> Any:
    """An argument as JSON has it."""
    if isinstance(value, Mapping):
        return {key: _short(one) if key in LONG_TEXTS else plain(one) for key, one in value.items()}
    return [plain(one) for one in value] if isinstance(value, list | tuple) else _word(value)


def _word(value: Any) -> Any:
    match value:
        case Ref():
            return {"from_an_earlier_call": value.key}
        case Joined():
            return {"joined": [_word(part) for part in value.parts]}
        case Upload():
            return {"file_with_sha256": value.sha256}
        case date():
            return value.isoformat()
    return value


def _short(text: str) -> dict[str, Any]:
    return {"sha256": hashlib.sha256(text.encode()).hexdigest(), "characters": len(text)}


def save(path: Path, plan: Plan, world: World) -> None:
    """What the plan is, and fingerprints of the world that it was made for."""
    saved = {"format": FORMAT, **as_json(plan), "world": world.fingerprints()}
    path.write_text(json.dumps(saved, indent=2) + "\n")


def refuse_stale(path: Path, plan: Plan, world: World) -> None:
    """Raises CloudError unless `plan`, made now of `world`, is the one that was saved."""
    saved = _read(path)
    if changed := list(_changed(saved, plan, world)):
        raise CloudError(f"{path}: {'; '.join(changed)}. Nothing was changed: plan again, and look at that plan")


def _changed(saved: Mapping[str, Any], plan: Plan, world: World) -> Iterator[str]:
    if saved["group"] != plan.group:
        yield f"it is a plan of {saved['group']}, and the inventory declares {plan.group}"
        return
    if parts := world.differences(saved["world"]):
        yield f"AWS holds something else since it was made ({', '.join(parts)})"
    elif saved["calls"] != json.loads(json.dumps(as_json(plan)["calls"])):
        yield "something else is declared since it was made, or another version of Slackwater plans it"


def _is_whole(saved: Mapping[str, Any]) -> bool:
    """A file that was written by hand, or merged by a tool, may lack what a plan is compared by."""
    parts = {"group": str, "calls": list, "world": dict}
    return all(isinstance(saved.get(name), kind) for name, kind in parts.items())


def _read(path: Path) -> dict[str, Any]:
    try:
        saved = json.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise CloudError(f"{path} cannot be read as a plan: {error}") from error
    if not isinstance(saved, dict) or saved.get("format") != FORMAT or not _is_whole(saved):
        raise CloudError(f"{path} is no plan of this version of Slackwater; make one with `slackwater plan … --out`")
    return saved
