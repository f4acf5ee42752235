"""The command `slackwater init`: a project of the user's own, with an app that runs."""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from importlib.util import find_spec
from pathlib import Path

import click

from slackwater.errors import SlackwaterError
from slackwater.resources import resource
from slackwater.settings import App, Source, collecting

VAGRANT = ("Vagrantfile", "fleet.rb", "fleet.yml", "prepare.sh", "lxc-network", "README.md", "box/build")
PARTS = (
    "deploy.py",
    "config.py",
    "inventories/*.py",
    "group_data/*.py",
    "examples/shop/**/*",
    *(f"vagrant/{name}" for name in VAGRANT),
)
GITIGNORE = """# Built releases and what the last runs remembered.
.slackwater/
.vagrant/
*.box
# Settings that are read from files may be secrets.
*.env
"""
NEXT = ("slackwater lab up", "slackwater lint inventories/local.py", "pyinfra inventories/local.py deploy.py -y")
ELSEWHERE = "Without Linux or root, in VMs: (cd vagrant && vagrant up), then inventories/vagrant.py (vagrant/README.md)"
CHECKOUT = (
    "This slackwater runs from a checkout, which has its roles beside the package: before pyinfra finds "
    "slackwater.roles, install the wheel (uv build --wheel, then uv pip install 'slackwater[deploy] @ dist/…')."
)


def _app_name(context: click.Context, parameter: click.Parameter, name: str) -> str:
    with collecting() as faults:
        App(name=name, entrypoint="shop.main:app", source=Source.directory("examples/shop"))
    if faults:
        raise click.BadParameter(f"{name!r} {faults[0].allowed}", context, parameter)
    return name


@click.command(name="init")
@click.argument("directory", metavar="DIR", type=click.Path(path_type=Path))
@click.option("--app", default="shop", show_default=True, callback=_app_name, metavar="NAME", help="The app's name.")
def command(directory: Path, app: str) -> None:
    """Write a project into DIR: deploy.py, inventories, group data and an app. Nothing that exists is overwritten.

    \b
    Example:
      slackwater init bookshop --app books
    """
    files = project(app)
    try:
        _refuse_existing(directory, files)
        _write(directory, files)
    except OSError as error:
        raise SlackwaterError(f"{directory} could not be written: {error}; mend that and run init again") from error
    click.echo("\n".join(f"wrote {directory / name}" for name in files))
    click.echo("\n".join([f"\nNext, in {directory}:", *(f"  {words}" for words in NEXT), ELSEWHERE]))
    if find_spec("slackwater.roles") is None:
        click.secho(f"\n{CHECKOUT}", fg="yellow", err=True)


def project(app: str) -> dict[str, bytes]:
    """What is written, by its path in the project; `app` is the app's name."""
    root = _original()
    found = sorted(path for part in PARTS for path in root.glob(part) if path.is_file())
    files = {path.relative_to(root).as_posix(): path.read_bytes() for path in found if _belongs(path, root)}
    files["deploy.py"] = _replaced(r"^from roles\.", "from slackwater.roles.", files["deploy.py"])
    files["group_data/app.py"] = _replaced(r'^    name=".*"', f'    name="{app}"', files["group_data/app.py"])
    return {".gitignore": GITIGNORE.encode(), **files}


def _original() -> Path:
    """A wheel carries the project in a place of its own; a checkout is one itself."""
    try:
        return resource("project")
    except FileNotFoundError:
        return resource("deploy.py").parent


def _belongs(path: Path, root: Path) -> bool:
    """Bytecode and hidden files are what running the app and editing it left behind."""
    return not any(part == "__pycache__" or part.startswith(".") for part in path.relative_to(root).parts)


def _replaced(pattern: str, by: str, content: bytes) -> bytes:
    return re.sub(pattern, by, content.decode(), flags=re.MULTILINE).encode()


def _refuse_existing(directory: Path, files: Mapping[str, bytes]) -> None:
    """Also a link that leads nowhere, and a file where a directory must be."""
    wanted = [directory / name for name in files]
    taken = [path for path in wanted if path.exists() or path.is_symlink()]
    folders = dict.fromkeys(folder for path in wanted for folder in path.parents)
    blocking = [folder for folder in folders if (folder.exists() or folder.is_symlink()) and not folder.is_dir()]
    if found := [*blocking, *taken]:
        names = ", ".join(str(path) for path in found)
        raise SlackwaterError(
            f"{names}: exists already, and init overwrites nothing. Nothing was written; "
            "name another directory, or move what is there out of the way"
        )


def _write(directory: Path, files: Mapping[str, bytes]) -> None:
    """All or nothing: what a failure or Ctrl-C interrupts is taken back."""
    with ExitStack() as undo:
        for name, content in files.items():
            path = directory / name
            _make_directory(path.parent, undo)
            with path.open("xb") as file:  # "x": a file that came after the check is not overwritten either
                undo.callback(path.unlink)
                file.write(content)
        undo.pop_all()


def _make_directory(path: Path, undo: ExitStack) -> None:
    if path.is_dir():
        return
    _make_directory(path.parent, undo)
    path.mkdir()
    undo.callback(_remove_empty, path)


def _remove_empty(path: Path) -> None:
    """Not with what somebody else has put there meanwhile."""
    with suppress(OSError):
        path.rmdir()
