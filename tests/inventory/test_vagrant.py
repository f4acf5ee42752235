"""A Vagrant fleet as pyinfra's inventory: a program `vagrant` that says what Vagrant says stands on the search path."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest

from tests.inventory.test_project import HOUSE, run

VAGRANT = """#!/bin/sh
[ "$PWD" = "{place}" ] || {{ echo "wrong directory: $PWD" >&2; exit 1; }}
case "$*" in
  "status --machine-readable")
    for name in {names}; do
      state=poweroff
      for up in {up}; do [ "$up" != "$name" ] || state=running; done
      echo "1700000000,$name,metadata,provider,virtualbox"
      echo "1700000000,$name,state,$state"
    done ;;
  ssh-config*)
    shift
    for name in "$@"; do
      printf 'Host %s\\n  HostName 127.0.0.1\\n  User vagrant\\n  Port 2222\\n' "$name"
      printf '  IdentityFile "{dot}/machines/%s/virtualbox/private_key"\\n\\n' "$name"
    done ;;
  *) echo "vagrant was asked: $*" >&2; exit 1 ;;
esac
"""
MAIN = "from slackwater.cli import main; main()"
# What pyinfra's debug-inventory does not print: each group's hosts and what they are told.
SHOW = """
import json
from slackwater.inventory import vagrant_hosts
print(json.dumps(vagrant_hosts()))
"""
NAMES = ("balancer-1", "app-1", "app-2")


@pytest.fixture
def made(project: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project whose three VMs Vagrant has made; its own folder has a blank in its name."""
    for name in ("inventories", "group_data", "vagrant"):
        shutil.copytree(HOUSE / name, project / name, ignore=shutil.ignore_patterns("*.box", ".vagrant"))
    shutil.copytree(HOUSE / "examples/shop", project / "examples/shop")
    shutil.copy(HOUSE / "config.py", project)
    for name in NAMES:
        machine = project / "dot kept/machines" / name / "virtualbox"
        machine.mkdir(parents=True)
        (machine / "id").write_text(f"the id of {name}")
    monkeypatch.setenv("VAGRANT_DOTFILE_PATH", str(project / "dot kept"))
    monkeypatch.delenv("VAGRANT_CWD", raising=False)
    monkeypatch.delenv("SLACKWATER_VAGRANT_FLEET", raising=False)
    return project


def standing(project: Path, up: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    """Vagrant, with these of the VMs running."""
    program = project / "bin/vagrant"
    program.parent.mkdir()
    place, dot = project / "vagrant", project / "dot kept"
    program.write_text(VAGRANT.format(place=place, dot=dot, names=" ".join(NAMES), up=" ".join(up) or "none"))
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")


def shown(project: Path) -> tuple[dict[str, list[tuple[str, dict[str, object]]]], str]:
    done = run("-c", SHOW, cwd=project)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1]), done.stderr


def test_vms_that_are_up_are_in_the_group_of_their_name(made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With where ssh goes by Vagrant's word, and the address that the fleet uses among itself."""
    standing(made, NAMES, monkeypatch)
    found, _ = shown(made)
    told = dict(found["app"])["app-2"]
    machine = made / "dot kept/machines/app-2/virtualbox"

    assert {"balancer": 1, "app": 2, "worker": 0, "database": 0} == {
        group: len(hosts) for group, hosts in found.items()
    }
    assert ("127.0.0.1", 2222, "vagrant") == (told["ssh_hostname"], told["ssh_port"], told["ssh_user"])
    assert (str(machine / "private_key"), "192.168.56.22") == (told["ssh_key"], told["address"])
    assert str(machine / "known_hosts") == told["ssh_known_hosts_file"]
    assert 0o600 == (machine / "known_hosts").stat().st_mode & 0o777


def test_a_vm_that_is_not_up_is_left_out_and_named(made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With what brings it back; the others are there."""
    standing(made, ("balancer-1", "app-1"), monkeypatch)
    found, said = shown(made)

    assert ["app-1"] == [name for name, _ in found["app"]]
    assert "inventory: app-2 is not up and left out; `vagrant up app-2` in vagrant brings it back\n" in said


def test_a_fleet_that_is_made_again_is_another_one(made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was proved in the old one is not taken for proved; a VM that is remade alone does not change that."""
    standing(made, NAMES, monkeypatch)
    machines = made / "dot kept/machines"
    for age, name in enumerate(NAMES):
        os.utime(machines / name / "virtualbox/id", (1000 + age, 1000 + age))
    first = shown(made)[0]["balancer"][0][1]["fleet"]
    (machines / "app-2/virtualbox/id").write_text("another app-2")
    one_more = shown(made)[0]["balancer"][0][1]["fleet"]
    for name in NAMES:
        (machines / name / "virtualbox/id").write_text(f"another {name}")

    assert first == one_more
    assert first != shown(made)[0]["balancer"][0][1]["fleet"]


def test_settings_are_checked_with_every_vm_and_without_vagrant(made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`slackwater lint` before the first `vagrant up`, also on a machine that has no Vagrant."""
    monkeypatch.setenv("PATH", "/nonexistent")
    done = run("-c", MAIN, "lint", "inventories/vagrant.py", cwd=made)

    assert (0, "inventories/vagrant.py is clean") == (done.returncode, done.stdout.split(":")[0]), done.stderr


@pytest.mark.parametrize(
    ("up", "said"),
    [
        ((), "vagrant is up: run `vagrant up` there, then this again"),
        (None, "Vagrant was not found on this machine: install it, then `vagrant up` in vagrant/"),
    ],
)
def test_without_a_vm_a_run_ends_in_a_sentence(
    up: tuple[str, ...] | None, said: str, made: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No host is touched, and there is no traceback."""
    if up is None:
        monkeypatch.setenv("PATH", "/nonexistent")
    else:
        standing(made, up, monkeypatch)
    words = ("-c", "from pyinfra_cli.main import cli; cli()", "inventories/vagrant.py", "exec", "-y", "--", "true")
    done = run(*words, cwd=made)

    assert 0 != done.returncode
    assert said in done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("groups: [", "cannot be read"),
        ("network: 10.0.0\n", "does not hold `network`, and `groups`"),
        ("- 1\n", "does not"),
    ],
)
def test_numbers_that_cannot_be_read_are_a_sentence(text: str, said: str, made: Path) -> None:
    """With the file's name, from the command that looks first."""
    (made / "vagrant/fleet.yml").write_text(text)
    done = run("-c", MAIN, "lint", "inventories/vagrant.py", cwd=made)

    assert 0 != done.returncode
    assert f"{made}/vagrant/fleet.yml {said}" in done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr


def test_what_vagrant_says_when_it_fails_is_handed_on(made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the command and its exit status."""
    standing(made, NAMES, monkeypatch)
    (made / "bin/vagrant").write_text("#!/bin/sh\necho The box is broken. >&2\nexit 3\n")
    done = run("-c", "from pyinfra_cli.main import cli; cli()", "inventories/vagrant.py", "debug-inventory", cwd=made)

    assert 0 != done.returncode
    assert "`vagrant status --machine-readable` in" in done.stdout + done.stderr
    assert "ended with status 3: The box is broken." in done.stdout + done.stderr
