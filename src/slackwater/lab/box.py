"""Vagrant boxes from the images of the lab: what `vagrant/box/build` runs."""

from __future__ import annotations

import platform
import shutil
from pathlib import Path

import click

from slackwater.errors import LabError, SlackwaterError
from slackwater.lab._run import SEARCH, run
from slackwater.lab.image import FILES, ISOLATED, ensure, sources
from slackwater.lab.locks import locked
from slackwater.lab.places import PLACES
from slackwater.lab.preflight import check_programs, check_rights
from slackwater.lab.progress import Progress

DISTRIBUTIONS = {"debian-12": "bookworm"}
PROVIDERS = {"lxc": {}, "libvirt": {"qemu-img": "qemu-utils"}}
ARCHITECTURES = {"lxc": {"x86_64": "amd64", "aarch64": "arm64"}, "libvirt": {"x86_64": "amd64"}}
PROGRAMS = {"vagrant": "vagrant", "gzip": "gzip", "tar": "tar"}
SOURCE = "vagrant/box/build"


def architecture(provider: str, machine: str = platform.machine()) -> str:
    """Debian's word for this machine's; raises LabError where no box of `provider` is made for it."""
    made = ARCHITECTURES[provider]
    if machine not in made:
        raise LabError(
            f"This machine is {machine}; boxes for {provider} are made on {' and '.join(made)}. Take another provider, "
            "or a box that others made: `boxes` in vagrant/fleet.yml."
        )
    return made[machine]


def build(provider: str, directory: Path, progress: Progress, distribution: str = "debian-12") -> Path:
    """The box's file, made anew. Raises LabError with what this machine lacks."""
    suite, made_for = DISTRIBUTIONS[distribution], architecture(provider)
    check_rights()
    check_programs()
    _check_more(PROGRAMS | PROVIDERS[provider])
    lines = sources(suite)
    with locked(PLACES.images / ".lock"):
        image = PLACES.images / ensure(PLACES.images, suite, progress)
        box = directory / f"{distribution}-{provider}-{made_for}.box"
        directory.mkdir(parents=True, exist_ok=True)
        with progress.step(f"box {box.name}"):
            words = (provider, suite, made_for, str(image), str(box))
            run(*ISOLATED, "bash", str(FILES / "make-box"), *words, stdin="\n".join(lines) + "\n")
    return box


def _check_more(programs: dict[str, str]) -> None:
    missing = {program: package for program, package in programs.items() if not shutil.which(program, path=SEARCH)}
    if missing:
        packages = " ".join(sorted(missing.values()))
        raise LabError(f"A box needs {', '.join(missing)}, not found on this machine: `apt-get install {packages}`.")


@click.command(name=SOURCE)
@click.argument("provider", type=click.Choice(sorted(PROVIDERS)))
@click.argument("directory", type=click.Path(path_type=Path), default=Path("vagrant/box"))
def main(provider: str, directory: Path) -> None:
    """Make a minimal Debian 12 box for PROVIDER into DIRECTORY, from this machine's own package sources; root.

    \b
    Example:
      vagrant/box/build lxc
    """
    try:
        click.echo(build(provider, directory, Progress(lambda text: click.echo(text, err=True))))
    except SlackwaterError as error:
        raise click.ClickException(str(error)) from error


if __name__ == "__main__":
    main()
