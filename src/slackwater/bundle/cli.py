"""The command `slackwater bundle`."""

from __future__ import annotations

import json
import tarfile
from pathlib import Path
from typing import Any

import click

from slackwater.bundle._build import build as build_bundle
from slackwater.bundle._packages import WHEELHOUSE
from slackwater.errors import SlackwaterError
from slackwater.release._pack import sha256
from slackwater.release._pins import parse_all
from slackwater.release.options import data_options, refuse_unbundled

MACHINES = ("x86_64", "aarch64")


@click.group()
def bundle() -> None:
    """What a new instance fetches to provision itself: roles, templates, group data, and Slackwater itself.

    \b
    Example:
      slackwater bundle build inventories/prod.py --wheels
      slackwater bundle show .slackwater/cache/bundles/prod/1f….tar.gz
    """


@bundle.command()
@click.argument("inventory", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@data_options
@click.option("--group", "groups", multiple=True, metavar="GROUP", help="A group of the instances; app unless given.")
@click.option("--wheels", is_flag=True, help="Bring every package: an instance then needs no package index.")
@click.option("--machine", type=click.Choice(MACHINES), help="What the wheels are for; like this machine unless given.")
@click.option("--json", "as_json", is_flag=True, help="Print path, sha256, size and key as JSON.")
def build(
    inventory: Path,
    *,
    groups: tuple[str, ...],
    wheels: bool,
    machine: str | None,
    as_json: bool,
    **more: tuple[str, ...],
) -> None:
    """Build the bundle of INVENTORY's environment. `slackwater apply` does it by itself; nothing is uploaded.

    \b
    Example:
      slackwater bundle build inventories/prod.py --wheels
    """
    refuse_unbundled(**more)
    made = build_bundle(Path.cwd(), inventory.stem, groups=groups or ("app",), wheels=wheels, machine=machine)
    if as_json:
        click.echo(json.dumps({"path": str(made.path), "sha256": made.sha256, "size": made.size, "key": made.key}))
    else:
        click.echo(f"{made.path}: {made.size / 1e6:.1f} MB, sha256 {made.sha256}")


@bundle.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print it as JSON.")
def show(file: Path, as_json: bool) -> None:
    """Show what is in a bundle: files, versions of packages, sha256.

    \b
    Example:
      slackwater bundle show .slackwater/cache/bundles/prod/1f….tar.gz --json
    """
    found = content(file)
    if as_json:
        click.echo(json.dumps(found, indent=2))
        return
    click.echo(f"sha256 {found['sha256']}")
    click.echo("\n".join(f"  {size:>9}  {name}" for name, size in found["files"].items()))
    click.echo(f"packages: {', '.join(found['packages'])}")
    click.echo("wheelhouse: " + ("yes, no package index is asked" if found["wheelhouse"] else "no"))


def content(file: Path) -> dict[str, Any]:
    """Raises SlackwaterError for a file that is no bundle."""
    try:
        with tarfile.open(file) as tar:
            files = {each.name: each.size for each in tar if not each.isdir()}
            reading = tar.extractfile("requirements.txt")
            text = reading.read().decode() if reading else ""
            declared = tar.extractfile("declared.json")
            known = json.load(declared) if declared else {}
    except (tarfile.TarError, KeyError, OSError, ValueError) as error:
        raise SlackwaterError(f"{file} is no bundle: {error}") from error
    packages = [pin.text.partition(" ")[0] for pin in parse_all(text, file.name)]
    wheelhouse = any(name.startswith(f"{WHEELHOUSE}/") for name in files)
    return {"sha256": sha256(file), "declared": known, "packages": packages, "wheelhouse": wheelhouse, "files": files}
