"""The Vagrantfile, by Vagrant itself: right for each provider, and a sentence where this machine lacks something."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from slackwater.inventory.vagrant_fleet import read
from tests.vagrant.conftest import PLACE, Vagrant

VBOXMANAGE = """#!/bin/sh
# As much of VirtualBox as Vagrant asks for before it looks at the settings.
case "$*" in
  --version) echo 7.0.20r163906 ;;
  "list vms"|"list hostonlyifs"|"list systemproperties") ;;
  *) echo "VBoxManage was asked: $*" >&2; exit 1 ;;
esac
"""
# Vagrant takes a second to start: fleet.rb is asked by Ruby alone, with the one class of Vagrant's that it stands on.
ALONE = """
module Vagrant
  module Errors
    class VagrantError < StandardError
      def initialize(*) = super(error_message)
    end
  end
end
require ARGV[0]
begin
  puts JSON.dump(Fleet.new(ARGV[1]).nodes.map(&:to_h))
rescue FleetError => error
  warn error.message
  exit 1
end
"""


def program(folder: Path, name: str, text: str) -> str:
    """A search path that begins with a program of ours."""
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(text)
    (folder / name).chmod(0o755)
    return f"{folder}:{os.environ['PATH']}"


def fleet(folder: Path, **changed: object) -> Path:
    """fleet.yml with other values; a dot in a name goes into a group."""
    told = yaml.safe_load((PLACE / "fleet.yml").read_text())
    for name, value in changed.items():
        *path, last = name.split("__")
        at = told
        for step in path:
            at = at[step]
        at[last] = value
    file = folder / "fleet.yml"
    file.write_text(yaml.safe_dump(told))
    return file


def ruby(file: Path) -> subprocess.CompletedProcess[str]:
    if not shutil.which("ruby"):
        pytest.skip("Ruby comes with Vagrant, which is not installed: scripts/vagrant-setup")
    words = ["ruby", "-r", "json", "-e", ALONE, str(PLACE / "fleet.rb"), str(file)]
    return subprocess.run(words, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("provider", "distribution"),
    [("virtualbox", "debian-12"), ("libvirt", "debian-12"), ("libvirt", "ubuntu-24.04"), ("lxc", "debian-12")],
)
def test_it_is_valid(provider: str, distribution: str, vagrant: Vagrant, tmp_path: Path) -> None:
    """Vagrant looks into the block of the chosen provider alone; VirtualBox itself is stood in for."""
    path = program(tmp_path / "bin", "VBoxManage", VBOXMANAGE)
    told = fleet(tmp_path, distribution=distribution, groups__worker__count=1, groups__database__count=1)
    done = vagrant(
        "validate", VAGRANT_DEFAULT_PROVIDER=provider, PATH=path, SLACKWATER_VAGRANT_FLEET=str(told)
    )  # fmt: skip

    assert (0, "Vagrantfile validated successfully.") == (done.returncode, done.stdout.strip()), done.stderr


@pytest.mark.parametrize("provider", ["virtualbox", "libvirt", "lxc"])
def test_a_wrong_setting_of_the_provider_is_found(provider: str, vagrant: Vagrant, tmp_path: Path) -> None:
    """So that the test above can fail: the same file with one setting more in the provider's block."""
    path = program(tmp_path / "bin", "VBoxManage", VBOXMANAGE)
    for name in ("fleet.rb", "fleet.yml", "Vagrantfile"):
        shutil.copy(PLACE / name, tmp_path)
    text = (tmp_path / "Vagrantfile").read_text()
    (tmp_path / "Vagrantfile").write_text(text.replace("|lxc, override|", "|lxc, override|\n lxc.sails = 3")
        .replace("|libvirt, override|", "|libvirt, override|\n libvirt.sails = 3")
        .replace("|virtualbox, override|", "|virtualbox, override|\n virtualbox.sails = 3"))  # fmt: skip
    done = vagrant("validate", VAGRANT_DEFAULT_PROVIDER=provider, PATH=path, VAGRANT_CWD=str(tmp_path))

    assert 1 == done.returncode
    assert "sails" in done.stderr


def test_without_a_provider_up_says_what_to_install(vagrant: Vagrant, tmp_path: Path) -> None:
    """Where none of the providers' programs is on the search path."""
    bare = tmp_path / "bare"
    bare.mkdir()
    for name in ("vagrant", "ruby", "env", "sh", "uname", "bash"):
        (bare / name).symlink_to(str(shutil.which(name)))
    done = vagrant("up", PATH=str(bare))

    assert 1 == done.returncode
    assert "No provider was found on this machine: install VirtualBox (macOS, Windows, Linux)" in done.stderr


@pytest.mark.parametrize(
    ("words", "changed", "said"),
    [
        (["--provider", "virtualbox"], {}, "virtualbox is not complete on this machine (VBoxManage was not found)"),
        (["--provider=docker"], {}, "The provider docker is not known here, only virtualbox, libvirt, lxc"),
        (["--provider=lxc"], {"distribution": "ubuntu-24.04"}, "boxes.lxc has none for ubuntu-24.04; name one there"),
        (
            ["--provider=lxc"],
            {"boxes__lxc__debian-12": "slackwater/none", "distribution": "debian-12"},
            "has not been made yet: run `bash vagrant/box/build lxc` as root",
        ),
    ],
)
def test_up_says_what_is_missing(
    words: list[str], changed: dict[str, object], said: str, vagrant: Vagrant, tmp_path: Path
) -> None:
    """Before any VM is made, and without a traceback."""
    path = program(tmp_path / "bin", "lxc-start", "#!/bin/sh\n")
    for name in ("fleet.rb", "Vagrantfile"):
        shutil.copy(PLACE / name, tmp_path)  # without the boxes that somebody may have built in the checkout
    fleet(tmp_path, **changed)
    done = vagrant("up", *words, PATH=path, VAGRANT_CWD=str(tmp_path))

    assert 1 == done.returncode
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_a_machine_that_no_box_is_made_for_is_named(vagrant: Vagrant, tmp_path: Path) -> None:
    """What runs as if on an old PC would be given a box that cannot boot there."""
    path = program(tmp_path / "bin", "lxc-start", "#!/bin/sh\n")
    program(tmp_path / "bin", "vagrant", f'#!/bin/sh\nexec setarch i686 {shutil.which("vagrant")} "$@"\n')
    done = vagrant("up", "--provider=lxc", PATH=path)

    assert 1 == done.returncode
    assert "This machine is i686, and there are boxes for amd64 and arm64 alone." in done.stderr


def test_both_readers_see_one_fleet(tmp_path: Path) -> None:
    """The inventory must know a VM by the address that the Vagrantfile gave it."""
    told = fleet(tmp_path, groups__app__count=3, groups__worker__count=1, network="10.9.8")
    done = ruby(told)

    assert {vm.name: vm.address for vm in read(tmp_path)} == {
        node["name"]: node["address"] for node in json.loads(done.stdout)
    }


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"distribution": "fedora-40"}, 'distribution is "fedora-40"; allowed are debian-12, ubuntu-24.04.'),
        ({"network": "8.8.8"}, 'network is "8.8.8"; allowed are three numbers such as 192.168.56.'),
        ({"provider": "parallels"}, 'provider is "parallels"; allowed are virtualbox, libvirt, lxc.'),
        ({"groups__app__count": 10}, "groups.app.count is 10; allowed are whole numbers from 0 to 9."),
        ({"groups__app__memory": "1G"}, 'groups.app.memory is "1G"; allowed are whole numbers from 256 to 65536.'),
        ({"groups__app__first": 11}, "two VMs would have one address; move `first` of their groups apart."),
        ({"groups__cache": {}}, "groups must name each of balancer, app, worker, database, instance, and no other."),
        ({"libvirt__driver": "xen"}, 'libvirt.driver is "xen"; allowed are kvm, qemu.'),
        ({"lxc__bridge": "a name"}, 'lxc.bridge is "a name"; allowed is an interface\'s name.'),
        ({"proxy": "proxy:80"}, 'proxy is "proxy:80"; allowed is http://address:port.'),
        ({"network": "192.168.300"}, 'network is "192.168.300"; allowed are three numbers such as 192.168.56.'),
        ({"network": None}, 'network is ""; allowed are three numbers such as 192.168.56.'),
        ({"groups__app": None}, "groups.app is nil; allowed are values of its own: count, first, memory, cpus."),
        ({"groups__app": 2}, "groups.app is 2; allowed are values of its own: count, first, memory, cpus."),
        ({"groups": {1: 2}}, "groups must name each of balancer, app, worker, database, instance, and no other."),
        ({"libvirt": "kvm"}, 'libvirt is "kvm"; allowed are values of its own: driver.'),
        ({"libvirt": False}, "libvirt is false; allowed are values of its own: driver."),
        ({"lxc": "br0"}, 'lxc is "br0"; allowed are values of its own: bridge.'),
        ({"boxes": "x"}, 'boxes is "x"; allowed are values of its own: virtualbox, libvirt, lxc.'),
        ({"boxes__lxc": "x"}, 'boxes.lxc is "x"; allowed are values of its own: debian-12, ubuntu-24.04.'),
        ({"boxes__lxc__debian-12": 12}, "boxes.lxc.debian-12 is 12; allowed is a box's name."),
    ],
)
def test_a_fault_of_the_numbers_is_named(changed: dict[str, object], said: str, tmp_path: Path) -> None:
    """With file, field, value and what is allowed."""
    file = fleet(tmp_path, **changed)
    done = ruby(file)

    assert (1, f"{file}: {said}\n") == (done.returncode, done.stderr)


@pytest.mark.parametrize("text", [b"groups: [", b"", b"- 1\n", b"network: gr\xfcn\n", b"network: \0\n"])
def test_a_file_that_holds_no_fleet_is_named(text: bytes, tmp_path: Path) -> None:
    """Not YAML, empty, something else, or of another encoding."""
    file = tmp_path / "fleet.yml"
    file.write_bytes(text)
    done = ruby(file)

    assert 1 == done.returncode
    assert str(file) in done.stderr
    assert 1 == len(done.stderr.splitlines())
