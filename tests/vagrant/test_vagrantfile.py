"""The Vagrantfile, by Vagrant itself: right for each provider, and a sentence where this machine lacks something."""

from __future__ import annotations

import itertools
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
PROVIDER = """
require "json"
module Vagrant
  module Errors
    class VagrantError < StandardError
    end
  end
  module Util
    module Which
      def self.which(_) = nil
    end
  end
  def self.has_plugin?(_) = true
end
require ARGV[0]
print Fleet.new(ARGV[1]).provider([], { "VAGRANT_DOTFILE_PATH" => ARGV[2] })
"""
MACHINE = """
require "etc"
module Etc
  def self.uname = {{ sysname: "any", machine: "{}" }}
end
"""
NO_KVM = """
class << File
  alias there? exist?
  def exist?(path) = path != "/dev/kvm" && there?(path)
end
"""
SHARED = """
      told = [config, machine].map { |of| of.vm.instance_variable_get(:@__synced_folders) }
      puts told.map { |folders| folders.transform_values { |each| each[:disabled] }.to_a }.inspect
"""


def program(folder: Path, name: str, text: str) -> str:
    """A search path that begins with a program of ours."""
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(text)
    (folder / name).chmod(0o755)
    return f"{folder}:{os.environ['PATH']}"


def as_if(folder: Path, text: str) -> str:
    """RUBYOPT for a Vagrant on another machine: what Ruby says of it is changed before Vagrant is read."""
    file = folder / "machine.rb"
    file.write_text(text)
    return f"-r{file}"


def alone(folder: Path) -> None:
    """The fleet's files without the boxes that somebody may have built in the checkout."""
    for name in ("fleet.rb", "fleet.yml", "Vagrantfile", "prepare.sh"):
        shutil.copy(PLACE / name, folder)


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


def provider_of(folder: Path, more: dict[str, str]) -> str:
    """Which one a machine has that has every plugin, none of the programs, and this in its environment."""
    words = ["ruby", "-e", PROVIDER, str(PLACE / "fleet.rb"), str(PLACE / "fleet.yml"), str(folder)]
    return subprocess.run(words, env={"PATH": os.environ["PATH"], **more}, stdout=-1, text=True, check=True).stdout


@pytest.mark.parametrize(
    ("provider", "distribution"),
    [
        *itertools.product(["virtualbox", "libvirt"], ["debian-12", "ubuntu-24.04"]),
        ("lxc", "debian-12"),
    ],
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
    alone(tmp_path)
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
    alone(tmp_path)
    fleet(tmp_path, **changed)
    done = vagrant("up", *words, PATH=path, VAGRANT_CWD=str(tmp_path))

    assert 1 == done.returncode
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_options_before_the_command_do_not_hide_it(vagrant: Vagrant) -> None:
    """Whoever looks for the reason with `vagrant --debug up` is told it."""
    done = vagrant("--no-color", "up", "--provider=docker")

    assert 1 == done.returncode
    assert "The provider docker is not known here" in done.stderr


@pytest.mark.parametrize("words", [["up", "--provider=lxc"], ["up", "--provider=libvirt"]])
def test_a_machine_that_no_box_is_made_for_is_named(words: list[str], vagrant: Vagrant, tmp_path: Path) -> None:
    """What runs as if on an old PC would be given a box that cannot boot there."""
    program(tmp_path / "bin", "qemu-img", "#!/bin/sh\n")
    path = program(tmp_path / "bin", "lxc-start", "#!/bin/sh\n")
    done = vagrant(*words, PATH=path, RUBYOPT=as_if(tmp_path, MACHINE.format("i686")))

    assert 1 == done.returncode
    assert "This machine is i686, and" in done.stderr
    assert "amd64" in done.stderr


@pytest.mark.parametrize("machine", ["x64", "i686", "arm64"])
def test_other_machines_have_every_command_but_up(machine: str, vagrant: Vagrant, tmp_path: Path) -> None:
    """Vagrant reads every provider's block for each command; x64 is what Ruby calls a PC with Windows."""
    path = program(tmp_path / "bin", "VBoxManage", VBOXMANAGE)
    ours = as_if(tmp_path, MACHINE.format(machine))
    done = vagrant("validate", VAGRANT_DEFAULT_PROVIDER="virtualbox", PATH=path, RUBYOPT=ours)

    assert (0, "Vagrantfile validated successfully.") == (done.returncode, done.stdout.strip()), done.stderr


def test_virtualbox_of_windows_is_found_off_the_search_path(tmp_path: Path) -> None:
    """Its installer names its folder in the environment, and Vagrant looks there."""
    found = provider_of(tmp_path, {"VBOX_MSI_INSTALL_PATH": "C:\\Program Files\\Oracle\\VirtualBox\\"})

    assert ("", "virtualbox") == (provider_of(tmp_path, {}), found)


def test_libvirt_without_kvm_is_told_to_emulate(vagrant: Vagrant, tmp_path: Path) -> None:
    """Before libvirt says of the first VM that its capabilities are not what it needs."""
    path = program(tmp_path / "bin", "qemu-img", "#!/bin/sh\n")
    done = vagrant("up", "--provider=libvirt", PATH=path, RUBYOPT=as_if(tmp_path, NO_KVM))

    assert 1 == done.returncode
    assert "/dev/kvm is not there: set libvirt.driver: qemu in " in done.stderr


def test_a_plugin_that_is_missing_is_named(vagrant: Vagrant, tmp_path: Path) -> None:
    """Where LXC itself is there and Vagrant knows nothing of it."""
    path = program(tmp_path / "bin", "lxc-start", "#!/bin/sh\n")
    done = vagrant("up", "--provider=lxc", PATH=path, VAGRANT_NO_PLUGINS="1")

    assert 1 == done.returncode
    assert "lxc is not complete on this machine (Vagrant's plugin vagrant-lxc is missing)" in done.stderr


def test_a_bridge_that_is_missing_is_named(vagrant: Vagrant, tmp_path: Path) -> None:
    """After a reboot the box is there and the bridge is not."""
    path = program(tmp_path / "bin", "lxc-start", "#!/bin/sh\n")
    alone(tmp_path)
    fleet(tmp_path, lxc__bridge="none-of-ours")
    (tmp_path / "box").mkdir()
    for made_for in ("amd64", "arm64"):
        (tmp_path / f"box/debian-12-lxc-{made_for}.box").touch()
    done = vagrant("up", "--provider=lxc", PATH=path, VAGRANT_CWD=str(tmp_path))

    assert 1 == done.returncode
    assert "The bridge none-of-ours is not there: run `bash vagrant/lxc-network up` as root." in done.stderr


def test_nothing_of_the_disk_is_shared(vagrant: Vagrant, tmp_path: Path) -> None:
    """Vagrant would put the project's folder at /vagrant of each VM: that is off, and there is no other."""
    path = program(tmp_path / "bin", "VBoxManage", VBOXMANAGE)
    alone(tmp_path)
    before, node, rest = (tmp_path / "Vagrantfile").read_text().partition("machine.vm.hostname = node.name\n")
    (tmp_path / "Vagrantfile").write_text(before + node + SHARED + rest)
    done = vagrant("validate", VAGRANT_DEFAULT_PROVIDER="virtualbox", PATH=path, VAGRANT_CWD=str(tmp_path))

    assert '[[["/vagrant", true]], []]' in done.stdout.splitlines(), done.stderr


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
