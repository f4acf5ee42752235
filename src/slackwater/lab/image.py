"""Root file systems that all hosts of a suite share: built once from the machine's own apt sources, then kept.

An image's name holds a hash of all that made it, so that a changed script or source makes a new one.
"""

from __future__ import annotations

import hashlib
import platform
import shutil
from collections.abc import Iterable
from pathlib import Path

from slackwater.errors import LabError
from slackwater.lab._run import run
from slackwater.lab.progress import Progress

SUITES = ("bookworm", "trixie")
FILES = Path(__file__).with_name("files")
CLOUD = ("make-cloud-image", "cloud.cfg", "cloud-lab-init")
CERTIFICATES = Path("/usr/local/share/ca-certificates")
# A killed builder leaves no process: the outer unshare dies with us, and the namespace with it.
ISOLATED = ("setpriv", "--pdeathsig", "KILL", "unshare", "-m", "-p", "-f", "--kill-child", "--mount-proc")


def sources(suite: str, os_release: dict[str, str] | None = None, listed: str | None = None) -> list[str]:
    """The machine's own Debian sources as apt lines for `suite`; third-party sources are left out."""
    own = (os_release or platform.freedesktop_os_release()).get("VERSION_CODENAME", "")
    if listed is None:
        listed = run("apt-get", "indextargets", "--format", "$(REPO_URI) $(RELEASE)", "Created-By: Packages")
    lines = sorted({line for target in listed.splitlines() if (line := _source(target.split(), own, suite))})
    if own not in SUITES or not lines:
        raise LabError(
            f"The image of {suite} is built from the machine's own Debian sources, and apt has none here (codename "
            f"{own or 'unknown'}). On Debian 12 or 13 `apt-get update` fetches them; elsewhere use Vagrant (vagrant/)."
        )
    return lines


def _source(target: list[str], own: str, suite: str) -> str | None:
    if len(target) != 2 or target[1] not in (own, f"{own}-updates", f"{own}-security"):
        return None
    return f"deb {target[0]} {target[1].replace(own, suite)} main"


def image_name(suite: str, lines: Iterable[str]) -> str:
    made_of = hashlib.sha256(f"{platform.machine()}\0{suite}\0{chr(0).join(lines)}".encode())
    for file in (FILES / "make-image", FILES / "lab-init", *sorted(CERTIFICATES.glob("*.crt"))):
        made_of.update(file.read_bytes())
    return f"{suite}-{made_of.hexdigest()[:12]}"


def ensure(images: Path, suite: str, progress: Progress) -> str:
    """The image's name; builds what is missing. The caller holds the images' lock."""
    lines = sources(suite)
    name = image_name(suite, lines)
    if not (images / name).is_dir():
        with progress.step(f"image {name} (about a minute)"):
            _build(images / name, lines, "make-image", suite)
    return name


def ensure_cloud(images: Path, suite: str, progress: Progress) -> str:
    """As `ensure`, for instances of the lab's cloud: the suite's image with cloud-init, which asks for metadata."""
    base, lines = ensure(images, suite, progress), sources(suite)
    made_of = hashlib.sha256(base.encode())
    for file in CLOUD:
        made_of.update((FILES / file).read_bytes())
    name = f"{suite}.cloud-{made_of.hexdigest()[:12]}"
    if not (images / name).is_dir():
        with progress.step(f"image {name} (half a minute)"):
            _build(images / name, lines, CLOUD[0], suite, str(images / base))
    return name


def _build(image: Path, lines: list[str], script: str, *words: str) -> None:
    """Under another name until it is complete: a killed build is never taken for an image."""
    begun = image.with_name(f".{image.name}")
    remove_begun(image.parent)
    try:
        run(*ISOLATED, "bash", str(FILES / script), str(begun), *words, stdin="\n".join(lines) + "\n")
    except LabError as error:
        remove_begun(image.parent)
        raise LabError(f"The image of {words[0]} could not be built. {error}") from error
    begun.replace(image)


def remove_begun(images: Path) -> None:
    """What a killed build left. The caller holds the images' lock, so nobody is building."""
    for begun in images.glob(".*-*"):
        shutil.rmtree(begun)


def remove_outdated(images: Path, newest: Iterable[str], in_use: set[str]) -> list[str]:
    """Removes other images of the same suites that no lab's host stands on."""
    keep = {*newest, *in_use}
    suites = {name.partition("-")[0] for name in newest}
    outdated = [i for i in images.glob("[a-z]*-*") if i.name not in keep and i.name.partition("-")[0] in suites]
    for image in outdated:
        shutil.rmtree(image)
    return [image.name for image in outdated]
