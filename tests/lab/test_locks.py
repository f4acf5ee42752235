"""One at a time, whatever happens to the one."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from pathlib import Path

from slackwater.lab.locks import held, locked, locked_if_free

HOLD = """
import sys, time
from pathlib import Path
from slackwater.lab.locks import locked
with locked(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


HEIR = """
import sys
from pathlib import Path
from slackwater.lab._run import run
from slackwater.lab.locks import held, locked
with locked(Path(sys.argv[1])):
    run("sh", "-c", "touch {ready}; exec sleep 1.5", inherits=held())
"""


def test_a_second_holder_waits(tmp_path: Path) -> None:
    """And does not wait where it was told not to."""
    with locked(tmp_path / "lock"), locked_if_free(tmp_path / "lock") as free:
        assert not free


def test_a_lock_ends_with_its_holder(tmp_path: Path) -> None:
    """A command that was killed leaves no lock behind."""
    holder = subprocess.Popen([sys.executable, "-c", HOLD, tmp_path / "lock"], stdout=subprocess.PIPE, text=True)
    assert holder.stdout
    holder.stdout.readline()

    holder.kill()
    holder.communicate()

    with locked_if_free(tmp_path / "lock") as free:
        assert free


def test_a_lock_is_held_for_what_a_killed_holder_left_running(tmp_path: Path) -> None:
    """Until that ends, too; afterwards nobody knows of either lock."""
    path, ready = tmp_path / "lock", tmp_path / "ready"
    code = HEIR.format(ready=ready)
    with subprocess.Popen([sys.executable, "-c", code, path]) as holder:
        while not ready.exists():
            time.sleep(0.01)
        holder.kill()

    with locked_if_free(path) as free:
        assert not free
    with locked(path), locked(tmp_path / "other"):
        assert 2 == len(held())
    assert () == held()


def test_a_removed_lock_excludes_the_next_all_the_same(tmp_path: Path) -> None:
    """Whoever waited on a file that its holder removed waits for the new one: never two are inside."""
    path, inside = tmp_path / "lock", []

    def hold() -> None:
        with locked(path):
            inside.append("other")
            time.sleep(0.1)
            inside.remove("other")

    with locked(path):
        waiting = threading.Thread(target=hold)
        waiting.start()
        path.unlink()
        with locked(path):
            seen = [list(inside) for _ in range(10) if not time.sleep(0.02)]
    waiting.join()

    assert [[]] * 10 == seen
