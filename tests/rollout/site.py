"""A project of its own with a fleet of ssh servers, and what its operators do."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from slackwater import App, Source
from slackwater.changes import Change, Changes
from slackwater.release import Proved, Releases, open_releases
from slackwater.settings import Store

from .commands import Launcher, Running
from .machine import Machine, as_python

HOUSE = Path(__file__).resolve().parents[2]
INVENTORY = "inventories/prod.py"
FLEET = "production"
SHOP = App(name="shop", entrypoint="shop:app", source=Source.directory("shop"))

DEPLOY = '''"""The order of the real roles, without what needs a Debian of one's own."""

from pyinfra import host

from slackwater.engine import before_release, ordered, report, switched, until
from slackwater.settings import resolve

report.begin()
if "app" in host.groups:
    told = resolve(host.data)
    app, order = told.require_app(), ordered(told)
    program = "/usr/local/sbin/slackwater-slots"
    question = f"[ ! -x {program} ] || echo there"
    until(name="release", question=question, answer="there", command=f"cp package/slackwater-slots {program}")
    before_release(name="before release", app=app, slot=f"{order.release.id}-1", order=order)
    switched(name="switch", told=told, slot=f"{order.release.id}-1", order=order)
'''
ALL = """
from slackwater import Store
from slackwater.engine.transport import SSH

store = Store.directory({store!r})
ssh_user = "root"
ssh_password = "tide"
ssh_allow_agent = False
ssh_look_for_keys = False
ssh_known_hosts_file = {known!r}
ssh_strict_host_key_checking = "yes"
ssh_paramiko_connect_kwargs = {{**SSH, "banner_timeout": {banner}}}
"""
APP = """
from slackwater import App, Source

app = App(name="shop", entrypoint="shop:app", source=Source.directory("shop"), port={port}{more})
"""


@dataclass
class Site:
    """`hosts` are all there are; which of them the inventory names, `declare` says."""

    project: Path
    hosts: dict[str, Machine]
    launcher: Launcher
    running: list[Running] = field(default_factory=list)

    def declare(self, *names: str, groups: str = "") -> None:
        """The inventory: these app hosts and the balancer, and what else is given."""
        apps = as_python([self.hosts[name] for name in names])
        balancer = as_python([self.hosts["balancer-1"]])
        self.write(INVENTORY, f"app = {apps}\nbalancer = {balancer}\n{groups}")

    def tell(self, more: str = "", banner: int = 15) -> None:
        """The group data; `more` are settings of the app."""
        store, known = str(self.project / "store"), str(self.hosts["app-1"].key.with_name("known_hosts"))
        self.write("group_data/all.py", ALL.format(store=store, known=known, banner=banner))
        self.write("group_data/app.py", APP.format(port=self.hosts["app-1"].ports[1], more=more))

    def write(self, path: str, text: str) -> None:
        """By a rename: a command at work never reads half of it."""
        file = self.project / path
        file.parent.mkdir(parents=True, exist_ok=True)
        new = file.with_suffix(".new")
        new.write_text(text)
        new.rename(file)

    def begin(self, verb: str, *words: str) -> Running:
        work = self.launcher.start([verb, INVENTORY, *words], self.project, f"said.{len(self.running)}")
        self.running.append(work)
        return work

    def run(self, verb: str, *words: str) -> tuple[int, str]:
        """Exit status and what was said."""
        work = self.begin(verb, *words)
        return work.wait(), work.said()

    def ask(self, verb: str, *words: str) -> tuple[int, list[dict[str, Any]]]:
        """The same with --json: every line is an object."""
        work = self.begin(verb, *words, "--json")
        return work.wait(), work.objects()

    def end(self) -> None:
        for work in self.running:
            work.kill()

    @property
    def store(self) -> Releases:
        return open_releases(Store.directory(str(self.project / "store")), self.project)

    def change(self) -> Change | None:
        return Changes(self.store.files, "shop", FLEET).current()

    def proved(self) -> Proved | None:
        return self.store.proved("shop", FLEET)

    def prove(self, release: str, *history: str) -> None:
        self.store.prove("shop", FLEET, Proved.here(self.store.get("shop", release), history))

    def releases(self, *names: str) -> list[str | None]:
        return [self.hosts[name].release for name in names]

    def assert_whole(self, release: str, *names: str) -> None:
        """One release everywhere, proved; no slot left over, no record."""
        found = {name: (self.hosts[name].release, self.hosts[name].is_whole()) for name in names}
        assert dict.fromkeys(names, (release, True)) == found
        proved = self.proved()
        assert proved
        assert (release, None) == (proved.release, self.change())


def fresh(folder: Path) -> Path:
    """A project with two releases in its store, r1 and r2; nothing proved yet."""
    (folder / "shop").mkdir(parents=True)
    (folder / "shop/shop.py").write_text("app = None\n")
    shutil.copy(HOUSE / "config.py", folder)
    (folder / "deploy.py").write_text(DEPLOY)
    releases = open_releases(Store.directory(str(folder / "store")), folder)
    for release in ("r1", "r2", "r3"):
        releases.build(SHOP, id=release)
    return folder
