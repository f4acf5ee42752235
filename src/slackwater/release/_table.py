"""The releases of a store, for people and for programs."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from slackwater.release._manifest import Manifest
from slackwater.release._proved import Proved

COLUMNS = ("release", "created", "commit", "python", "size", "wheels", "proved in")


def table(manifests: Sequence[Manifest], proved: Mapping[str, Proved], fleet: str) -> str:
    """The inventory's own fleet has a `*`."""
    rows = [COLUMNS, *(_row(manifest, _fleets(manifest, proved), fleet) for manifest in manifests)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(word.ljust(width) for word, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )


def as_json(manifests: Sequence[Manifest], proved: Mapping[str, Proved], fleet: str) -> str:
    rows: list[dict[str, Any]] = [{**asdict(each), "proved": _fleets(each, proved)} for each in manifests]
    return json.dumps({"fleet": fleet, "releases": rows}, indent=2)


def lost(manifests: Sequence[Manifest], proved: Mapping[str, Proved]) -> dict[str, str]:
    """Proved releases that the store does not have, by fleet."""
    ids = {manifest.id for manifest in manifests}
    return {fleet: each.release for fleet, each in sorted(proved.items()) if each.release not in ids}


def size(count: int) -> str:
    return f"{count / 1e3:.0f} kB" if count < 1e6 else f"{count / 1e6:.1f} MB"


def _fleets(manifest: Manifest, proved: Mapping[str, Proved]) -> list[str]:
    return [fleet for fleet, each in sorted(proved.items()) if each.release == manifest.id]


def _row(manifest: Manifest, fleets: Sequence[str], fleet: str) -> tuple[str, ...]:
    return (
        manifest.id,
        manifest.created[:19].replace("T", " "),
        _short(manifest.commit),
        manifest.python or "the host's",
        size(manifest.size),
        "yes" if manifest.wheels else "no",
        ", ".join(f"{each}*" if each == fleet else each for each in fleets) or "-",
    )


def _short(commit: str | None) -> str:
    if commit is None:
        return "-"
    name, dash, dirty = commit.partition("-")
    return name[:12] + dash + dirty
