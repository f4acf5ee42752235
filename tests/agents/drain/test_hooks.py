"""Root's hooks: which files are run, for how long, and once a leave."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from slackwater.agents.drain import files, hooks
from tests.agents.drain.site import Site, until


@pytest.fixture
def folder(host: Site, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name, value in host.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("SLACKWATER_ROOT", str(host.root))
    return host.root / "etc/slackwater/drain.d"


def put(folder: Path, name: str, text: str, mode: int = 0o755) -> None:
    (folder / name).write_text(f"#!/bin/sh\n{text}\n")
    (folder / name).chmod(mode)


def test_all_run_in_order_and_one_that_fails_stops_no_other(host: Site, folder: Path) -> None:
    """With what each said and how it ended."""
    put(folder, "20-second", "echo two; exit 3")
    put(folder, "10-first", "echo one")
    put(folder, "30-third", "echo three")
    ran = hooks.run(host.told)

    assert [("10-first", 0, "one"), ("20-second", 3, "two"), ("30-third", 0, "three")] == [
        (one["hook"], one["status"], one["said"]) for one in ran
    ]
    assert ["journalctl --sync"] == host.jobs()


def test_what_is_no_hook_is_not_run(host: Site, folder: Path) -> None:
    """An editor's leavings, a file that anybody may write, one that is not executable."""
    for name, mode in (("10-a.bak", 0o755), ("20-open", 0o777), ("30-plain", 0o644)):
        put(folder, name, f"touch {host.root}/ran-{name}", mode)
    ran = hooks.run(host.told)

    assert [] == list(host.root.glob("ran-*"))
    assert {"20-open": "must be root's, and writable by root alone", "30-plain": "must be executable"} == {
        one["hook"]: one["said"] for one in ran
    }


def test_time_is_for_all_of_them_together(host: Site, folder: Path) -> None:
    """One that does not end is killed with what it has started; the rest hears that there was no time."""
    host.tell(hooks=1)
    put(folder, "10-hangs", f"sleep 100 & echo $! > {host.root}/child; wait")
    put(folder, "20-late", "true")
    ran = hooks.run(host.told)
    child = (host.root / "child").read_text().strip()

    assert ["not over after 1 s, and killed", "there was no time left"] == [one["said"] for one in ran]
    until(lambda: not is_alive(child))


def is_alive(process: str) -> bool:
    """One that was killed may be there a moment longer, and without a parent as a zombie: that has no command line."""
    try:
        return bool(Path(f"/proc/{process}/cmdline").read_bytes())
    except OSError:
        return False


def test_at_the_machines_end_they_have_the_memory_that_they_take(
    host: Site, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They run in the agent's unit then, whose limit is for the agent alone; it is lifted before the first begins."""
    put(folder, "10-ship", f"cat {host.root}/properties")
    monkeypatch.setenv("SLACKWATER_ROOT", str(host.root))
    for began, words in ((5.0, ["--at-shutdown"]), (6.0, [])):
        (host.root / "properties").write_text("")
        monkeypatch.setattr("sys.argv", ["hooks", str(host.root / "etc/slackwater/drain.json"), *words])
        notice = {"cause": "shutdown", "boot": files.boot_id(host.told.run)}
        host.told.leave.write_text(json.dumps({"began": began, "notices": [notice]}))
        hooks.main()
        (ran,) = json.loads(host.told.hooked.read_text())["hooks"]
        lifted = "--runtime slackwater-drain.service MemoryMax=infinity" if words else ""

        assert (0, lifted) == (ran["status"], ran["said"])


def test_a_journal_that_hangs_takes_no_time_from_them(
    host: Site, folder: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """It is written out so that it can be shipped; a disk that hangs is no reason to run no hook."""
    put(tmp_path, "journalctl", "exec sleep 100")
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    host.tell(hooks=hooks.SYNC + 2)
    put(folder, "10-late", "echo told")

    assert [(0, "told")] == [(one["status"], one["said"]) for one in hooks.run(host.told)]


def test_root_follows_no_link_that_the_agents_user_has_made(host: Site, tmp_path: Path) -> None:
    """The folder is that user's, and root writes into it."""
    own = tmp_path / "shadow"
    own.write_text("root's own")
    (host.told.run / "boot").unlink(missing_ok=True)
    (host.told.run / ".boot.new").symlink_to(own)
    found = files.boot_id(host.told.run)

    assert "root's own" == own.read_text()
    assert (found, False) == ((host.told.run / "boot").read_text().strip(), (host.told.run / "boot").is_symlink())


def test_once_a_leave(host: Site, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever starts it again finds that it has been done."""
    put(folder, "10-first", f"echo ran >> {host.root}/ran")
    monkeypatch.setenv("SLACKWATER_ROOT", str(host.root))
    monkeypatch.setattr("sys.argv", ["hooks", str(host.root / "etc/slackwater/drain.json")])
    for began in (None, 5.0, 5.0, 6.0):
        host.told.leave.write_text(json.dumps({"began": began, "notices": []}))
        hooks.main()

    assert ["ran", "ran"] == (host.root / "ran").read_text().split()
    assert 6.0 == json.loads(host.told.hooked.read_text())["leave"]


@pytest.mark.parametrize(("there", "status"), [(True, 0), (False, 1)])
def test_logs_are_shipped_before_the_hooks_and_do_not_take_their_time(
    host: Site, folder: Path, there: bool, status: int
) -> None:
    """Each in its part; a place that is away is said, and stops no hook."""
    shelf = host.root / "shelf"
    for place in ("var/lib/slackwater/logs", "var/log/nginx", *(["shelf"] if there else [])):
        (host.root / place).mkdir(parents=True)
    (host.root / "var/log/nginx/access.log").write_text("last\n")
    told = {
        "ship_to": str(shelf),
        "fleet": "production",
        "host": "app-1",
        "units": [],
        "files": ["/var/log/nginx/*.log"],
    }
    (host.root / "etc/slackwater/logs.json").write_text(json.dumps(told))
    put(folder, "10-first", "true")
    ran = hooks.run(host.told)

    assert [("logs", status), ("10-first", 0)] == [(one["hook"], one["status"]) for one in ran], ran
    assert int(there) == len(list(shelf.rglob("*.gz")))
