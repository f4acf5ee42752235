"""Releases that are broken, each in its own way: refused on the canary, nobody loses a request, the old one serves."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass, field
from math import inf

import pytest

from tests.hosts.converge.running import LIMIT, LONG_ONLY
from tests.hosts.releases.site import Site, nothing_lost, traffic

SHOP = "shop/main.py"
TAIL = "\n\n"
READY = """
from fastapi.responses import JSONResponse as _Answer
app.router.routes = [route for route in app.router.routes if getattr(route, "path", "") != "/health/ready"]
_asked = []

@app.get("/health/ready")
async def broken_ready() -> _Answer:
    _asked.append(1)
    {body}
"""


@dataclass(frozen=True)
class Broken:
    """What is appended to the app, or told of it, and what the message must say."""

    code: str = ""
    before: str = ""
    more: str = ""
    deadline: int = 15
    says: tuple[str, ...] = ()
    files: dict[str, str] = field(default_factory=dict)


KINDS = {
    "import error": Broken(
        before="raise RuntimeError('no such table: tides')\n", says=("no such table: tides", "crashed 3 times")
    ),
    "exits after start": Broken(
        code="import os, signal, threading\n"
        "print('the tide went out', flush=True)\n"
        "threading.Timer(0.3, lambda: os.kill(os.getppid(), signal.SIGKILL)).start()\n",
        says=("the tide went out", "crashed 3 times"),
    ),
    "never ready": Broken(
        code="import asyncio\n@app.on_event('startup')\nasync def wait_for_ever() -> None:\n"
        "    print('waiting for the flood', flush=True)\n    await asyncio.sleep(3600)\n",
        says=("waiting for the flood",),
    ),
    "ready answers 500": Broken(
        code=READY.format(body="return _Answer({'status': 'no flood'}, status_code=500)"), says=("500", "no flood")
    ),
    "ready once and then not": Broken(
        code=READY.format(body="return _Answer({'asked': len(_asked)}, status_code=200 if len(_asked) == 1 else 503)"),
        says=("503",),
    ),
    "slow start beyond the bound": Broken(
        before="import time\nprint('still reading the almanac', flush=True)\ntime.sleep(60)\n",
        says=("still reading the almanac",),
    ),
    "failing migration": Broken(
        more="before_release=\"echo 'tides: column exists'; exit 3\",", says=("before release", "tides: column exists")
    ),
}  # fmt: skip


DAILY = {"exits after start", "ready answers 500", "failing migration"}
"""One for each place where a release is refused: its start, its proof, its migration."""


@pytest.mark.parametrize("kind", [pytest.param(kind, marks=[] if kind in DAILY else LONG_ONLY) for kind in KINDS])
def test_a_broken_release_is_refused(rested: Site, kind: str) -> None:
    """Host, step and the app's own last words are in the message; nobody met the release; exit status 1."""
    broken = KINDS[kind]
    main = (rested.folder / "source" / SHOP).read_text()
    head, future, tail = main.partition("import asyncio\n")
    name = kind.replace(" ", "-")
    rested.build(name, {SHOP: head + broken.before + future + tail + TAIL + broken.code, **broken.files})
    rested.tell(more=broken.more, deadline=broken.deadline, group="server = Server(graceful_timeout=6)")
    with traffic(rested) as people:
        done = rested.run("rollout", "--release", name, "--bake", "2", "--batch", "50%")

    assert 1 == done.returncode, done.stdout
    assert "app-1: role app, step" in done.stdout, done.stdout
    for word in broken.says:
        assert word in done.stdout, done.stdout
    assert {"good"} == set(rested.releases().values())
    nothing_lost(rested, people)
    assert inf == people.result.first_answer_of(name)
    rested.whole("good")


def test_requirements_that_do_not_resolve_make_no_release(rested: Site) -> None:
    """The build says which, and there is nothing that could be rolled out."""
    rested.source({"requirements.txt": "fastapi==0.0.0.1\n"})
    built = rested.run("release build", "--id", "unresolved")
    rolled = rested.run("rollout", "--release", "unresolved")

    assert (1, 1) == (built.returncode, rolled.returncode), built.stdout + rolled.stdout
    assert "fastapi" in built.stdout
    assert "unresolved" in rolled.stdout
    rested.whole("good")


def test_an_archive_that_was_changed_reaches_no_host(rested: Site) -> None:
    """Its sha256 is looked at before anything is sent."""
    rested.build("tampered", {"more.txt": "tampered"})
    (archive,) = (rested.folder / "store/shop").glob("tampered-*.tar.gz")
    archive.write_bytes(archive.read_bytes() + b"x")
    done = rested.run("rollout", "--release", "tampered")

    assert 1 == done.returncode
    assert "sha256" in done.stdout
    rested.whole("good")


def test_a_full_disk_stops_the_release_and_not_the_app(rested: Site) -> None:
    """The canary's disk has no room: the message says so, the old release serves on, and with room it goes through."""
    rested.build("large", {"large.bin": os.urandom(1_500_000).hex()})
    rested.on("app-1", "mount -t tmpfs -o size=1M tmpfs /srv/slackwater/shop/incoming")
    try:
        with traffic(rested) as people:
            done = rested.run("rollout", "--release", "large", "--bake", "0")
    finally:
        rested.on("app-1", "umount /srv/slackwater/shop/incoming")

    assert 1 == done.returncode, done.stdout
    assert "app-1: role app, step" in done.stdout
    nothing_lost(rested, people)
    rested.whole("good")


def test_a_release_that_turns_bad_on_the_canary_goes_back(rested: Site) -> None:
    """During the bake; the others never ran it, exit status 1."""
    body = "import os\n    return _Answer({}, status_code=500 if os.path.exists('/run/turned') else 200)"
    main = (rested.folder / "source" / SHOP).read_text()
    rested.build("turning", {SHOP: main + TAIL + READY.format(body=body)})
    with traffic(rested) as people:
        rollout = rested.begin("rollout", "--release", "turning", "--bake", "30", "--batch", "50%")
        while rollout.poll() is None and "live on turning, seen healthy" not in rested.said():
            time.sleep(0.2)
        rested.on("app-1", "touch /run/turned")
        status = rollout.wait(LIMIT)
    rested.on("app-1", "rm /run/turned")
    said = rested.said()

    assert 1 == status, said
    assert "app-1 turned bad on turning: ready: 500" in said, said
    assert "app-2" not in "".join(line for line in said.splitlines() if "switch" in line)
    nothing_lost(rested, people)
    rested.whole("good")
