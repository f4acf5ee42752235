"""VMs of Vagrant's as instances: programs `vagrant` and `ssh` write down what they are asked."""

from __future__ import annotations

import base64
import os
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import boto3
import pytest
from botocore.exceptions import ClientError
from click.testing import CliRunner

from slackwater.errors import LabError
from slackwater.inventory.vagrant_command import ASK_LIMIT, LIMIT
from slackwater.lab.cli import lab
from slackwater.lab.cloud import cloud
from slackwater.lab.cloud.background import VAGRANT_STOP_LIMIT
from slackwater.lab.cloud.machines.vagrant import VagrantMachines, clear, pool
from slackwater.lab.cloud.machines.vm import TAKE_LIMIT
from slackwater.lab.cloud.moto import KEYS
from slackwater.lab.metadata import Instance

VAGRANT = """#!/bin/sh
dot="$VAGRANT_DOTFILE_PATH/machines"
last() { for word in "$@"; do :; done; echo "$word"; }
case "$1" in
  status)
    for name in $(ls "$dot"); do
      state=running
      [ ! -e "$dot/../$name.off" ] || state=poweroff
      echo "1700000000,$name,state,$state"
    done
    exit 0 ;;
  ssh-config)
    shift
    for name in "$@"; do
      printf 'Host %s\\n  HostName 127.0.0.1\\n  User vagrant\\n  Port 2222\\n  IdentityFile /key\\n' "$name"
    done
    exit 0 ;;
  destroy) rm -rf "$dot/$(last "$@")"/virtualbox/* ;;
  halt) touch "$dot/../$(last "$@").off" ;;
  up) mkdir -p "$dot/$2/virtualbox"; echo "$2" > "$dot/$2/virtualbox/id"; rm -f "$dot/../$2.off" ;;
esac
echo "$*" >> "$VAGRANT_DOTFILE_PATH/asked"
[ ! -e "$VAGRANT_DOTFILE_PATH/refuses" ]
"""
SSH = """#!/bin/sh
echo ssh >> "$VAGRANT_DOTFILE_PATH/asked"
[ ! -e "$VAGRANT_DOTFILE_PATH/hangs" ] || exec sleep 20
[ ! -e "$VAGRANT_DOTFILE_PATH/slow" ] || sleep 6
cat > "$VAGRANT_DOTFILE_PATH/told"
[ ! -e "$VAGRANT_DOTFILE_PATH/refuses" ] || { printf 'no space left on device \\374\n'; exit 1; }
"""
NOBODY = 1
"""A port at which nothing listens."""
NETWORK = "127.0.0"
"""Its first address is this machine's, as a VM network's first is."""


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A fleet of two such VMs, both up."""
    place, programs, dot = tmp_path / "vagrant", tmp_path / "bin", tmp_path / "dot"
    place.mkdir()
    groups = "\n".join(f"  {name}: {{ count: 0, first: 2 }}" for name in ("balancer", "app", "worker", "database"))
    (place / "fleet.yml").write_text(f"network: {NETWORK}\ngroups:\n{groups}\n  instance: {{ count: 2, first: 91 }}\n")
    for name in ("instance-1", "instance-2"):
        (dot / "machines" / name / "virtualbox").mkdir(parents=True)
        (dot / "machines" / name / "virtualbox/id").write_text(name)
    programs.mkdir()
    for name, text in {"vagrant": VAGRANT, "ssh": SSH}.items():
        (programs / name).write_text(text)
        (programs / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}:{os.environ['PATH']}")
    monkeypatch.setenv("VAGRANT_DOTFILE_PATH", str(dot))
    monkeypatch.delenv("SLACKWATER_VAGRANT_FLEET", raising=False)
    return place


@pytest.fixture
def machines(place: Path) -> Iterator[VagrantMachines]:
    made = VagrantMachines(place, knock=NOBODY)
    with made.serving({}.get):
        yield made
    made.close()


def asked(place: Path) -> list[str]:
    file = place.parent / "dot/asked"
    return file.read_text().splitlines() if file.exists() else []


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def launched(machines: VagrantMachines, name: str = "i-1", user_data: str | None = None) -> Instance:
    """Once it is up."""
    up: list[str] = []
    instance = Instance(name, "", user_data=user_data)
    machines.start(instance, lambda: up.append(name))
    until(lambda: bool(up))
    return instance


def test_an_instance_is_a_vm_that_is_told_its_user_data(place: Path, machines: VagrantMachines) -> None:
    """And where its metadata are, under the address that instances know."""
    instance = launched(machines, user_data="#cloud-config\n{hostname: tide}\n")
    told = (place.parent / "dot/told").read_text()

    assert "127.0.0.91" == instance.address
    assert "127.0.0.1" == machines.address
    assert base64.b64encode(b"#cloud-config\n{hostname: tide}\n").decode() in told
    assert "ip daddr 169.254.169.254 tcp dport 80 dnat to 127.0.0.1:" in told
    assert "instance-id: i-1" in told
    assert machines.is_on("i-1")
    assert machines.has_room()


def test_a_pool_has_room_for_as_many_as_there_are_vms(machines: VagrantMachines) -> None:
    """One that is stopped keeps its VM."""
    launched(machines, "i-1")
    launched(machines, "i-2")
    machines.stop("i-1")

    assert not machines.has_room()
    assert [False, True] == [machines.is_on(name) for name in ("i-1", "i-2")]


def test_more_than_there_are_are_refused_as_a_whole(place: Path) -> None:
    """Half of them would stay, known to nobody."""
    with cloud(lifecycle=True, machines=VagrantMachines(place, knock=NOBODY)) as sky:
        ec2 = sky.client("ec2")
        image = sky.cloud.ground().image
        with pytest.raises(ClientError, match=r"InsufficientInstanceCapacity.*no room for 3 more instances"):
            ec2.run_instances(ImageId=image, MinCount=3, MaxCount=3)
        left = ec2.describe_instances()["Reservations"]
        made = ec2.run_instances(ImageId=image, MinCount=2, MaxCount=2)["Instances"]

    assert ([], 2) == (left, len(made))


def test_one_that_is_started_again_has_the_disk_that_it_had(place: Path, machines: VagrantMachines) -> None:
    """Its user-data are not run a second time."""
    instance = launched(machines)
    machines.crash("i-1")
    up: list[str] = []
    machines.start(instance, lambda: up.append("again"))
    until(lambda: bool(up))

    assert ["ssh", "halt --force instance-1", "up instance-1 --provider virtualbox"] == asked(place)


def test_behind_an_instance_its_vm_is_made_anew(place: Path, machines: VagrantMachines) -> None:
    """It is nobody's until then."""
    launched(machines, "i-1")
    launched(machines, "i-2")
    machines.remove("i-1")
    until(machines.has_room)
    instance = launched(machines, "i-3")

    assert not machines.is_on("i-1")
    assert "127.0.0.91" == instance.address
    assert [
        "ssh", "ssh", "halt instance-1", "destroy --force instance-1", "up instance-1 --provider virtualbox", "ssh"
    ] == asked(place)  # fmt: skip


def test_one_whose_user_data_cannot_be_run_never_comes_up(place: Path, machines: VagrantMachines) -> None:
    """What it said is in the cloud's log; the group finds it off and asks for another."""
    (place.parent / "dot/refuses").touch()
    machines.start(Instance("i-1", ""), lambda: pytest.fail("it is not up"))
    until(lambda: not machines.is_on("i-1"))


def test_one_whose_user_data_never_end_is_given_up(place: Path) -> None:
    """It neither stays coming for ever nor holds up what is ordered next."""
    (place.parent / "dot/hangs").touch()
    vm = next(iter(pool(place)))

    with pytest.raises(LabError, match=r"instance-1 does not become an instance within 0.2 s"):
        vm.take(Instance("i-1", ""), ("127.0.0.1", NOBODY), limit=0.2)


def test_what_it_said_is_handed_on(place: Path) -> None:
    """Whatever it is encoded in."""
    (place.parent / "dot/refuses").touch()
    vm = next(iter(pool(place)))

    with pytest.raises(LabError, match="instance-1 does not become an instance:\nno space left on device \ufffd"):
        vm.take(Instance("i-1", ""), ("127.0.0.1", NOBODY))


def test_what_a_cloud_left_is_made_anew(place: Path, machines: VagrantMachines) -> None:
    """By the next one, or where it is ended."""
    launched(machines)
    machines.close()
    clear(place)
    clear(place)

    assert 1 == asked(place).count("destroy --force instance-1")
    assert 0 == asked(place).count("destroy --force instance-2")


def test_the_next_cloud_gives_nobody_a_used_vm(place: Path, machines: VagrantMachines) -> None:
    """It is made anew first."""
    launched(machines)
    after = VagrantMachines(place)
    until(lambda: "up instance-1 --provider virtualbox" in asked(place))
    after.close()

    assert "destroy --force instance-1" in asked(place)


def test_a_vm_that_goes_off_is_noticed(place: Path, machines: VagrantMachines) -> None:
    """Nothing listens at these addresses, so Vagrant is asked."""
    launched(machines)
    (place.parent / "dot/instance-1.off").touch()
    until(lambda: not machines.is_on("i-1"))


@pytest.mark.parametrize(
    ("off", "count", "says"),
    [
        (("instance-2",), 2, "instance-2 is not up: `vagrant up instance-2`"),
        (("instance-1", "instance-2"), 2, "instance-1, instance-2 are not up"),
        ((), 0, "can be an instance: set groups.instance.count"),
    ],
)
def test_a_pool_that_lacks_vms_says_what_to_do(place: Path, off: tuple[str, ...], count: int, says: str) -> None:
    """Before anything is started."""
    text = (place / "fleet.yml").read_text()
    (place / "fleet.yml").write_text(text.replace("instance: { count: 2", f"instance: {{ count: {count}"))
    for name in off:
        (place.parent / f"dot/{name}.off").touch()
    done = CliRunner().invoke(lab, ["cloud", "up", "--vagrant", str(place), "--directory", str(place.parent / "cloud")])

    assert done.exit_code != 0
    assert isinstance(done.exception, LabError)
    assert says in str(done.exception)
    assert not (place.parent / "cloud").exists()


def test_instances_are_hosts_or_vms(place: Path) -> None:
    """Never both."""
    done = CliRunner().invoke(lab, ["cloud", "up", "--hosts", "--vagrant", str(place)])

    assert 2 == done.exit_code
    assert "either the one or the other" in done.output


def test_down_says_what_it_waits_for(place: Path) -> None:
    """A launch that is under way takes minutes, and so does a VM that is made anew."""
    (place.parent / "dot/slow").touch()
    words = ["--directory", str(place.parent / "cloud")]
    endpoint = CliRunner().invoke(lab, ["cloud", "up", "--vagrant", str(place), *words]).stdout.strip()
    ec2 = boto3.client("ec2", endpoint_url=endpoint, region_name="eu-central-1", **KEYS)
    ec2.run_instances(ImageId="ami-1", MinCount=1, MaxCount=1)
    until(lambda: "ssh" in asked(place))
    ended = CliRunner().invoke(lab, ["cloud", "down", *words])

    assert "cloud: waits for what Vagrant has begun ...\n" in ended.stderr
    assert f"cloud: VMs of {place} that were instances are made anew ...\n" in ended.stderr
    assert ended.stderr.endswith("cloud: removed\n")
    assert "destroy --force instance-1" in asked(place)


def test_two_clouds_do_not_have_one_pool(place: Path) -> None:
    """The second would destroy the first one's instances as what an earlier one left; so would its end."""
    first, second = (["--directory", str(place.parent / name)] for name in ("first", "second"))
    CliRunner().invoke(lab, ["cloud", "up", "--vagrant", str(place), *first])
    other = CliRunner().invoke(lab, ["cloud", "up", "--vagrant", str(place), *second])
    record = (place.parent / "first/cloud.json").read_text()
    (place.parent / "second/cloud.json").write_text(record.replace('"pid": ', '"pid": 9999'))
    end = CliRunner().invoke(lab, ["cloud", "down", *second])
    again = CliRunner().invoke(lab, ["cloud", "up", "--vagrant", str(place), *first])
    CliRunner().invoke(lab, ["cloud", "down", *first])
    after = CliRunner().invoke(lab, ["cloud", "up", "--vagrant", str(place), *second])
    CliRunner().invoke(lab, ["cloud", "down", *second])

    assert [f"Another cloud has the VMs of {place}" in str(each.exception) for each in (other, end)] == [True, True]
    assert "is there already" in again.stderr
    assert 0 == after.exit_code, after.output


def test_whatever_is_under_way_ends_before_the_cloud_is_killed() -> None:
    """A VM in the middle of its launch, or of being made anew, would stay locked."""
    assert max(TAKE_LIMIT + ASK_LIMIT, 2 * LIMIT) < VAGRANT_STOP_LIMIT


def test_it_is_a_cloud_of_its_own_kind(place: Path) -> None:
    """As a process: whoever asks for another kind is refused, and its VMs are made anew where it is ended."""
    words = ["--directory", str(place.parent / "cloud")]
    started = CliRunner().invoke(lab, ["cloud", "up", "--vagrant", str(place), *words])
    other = CliRunner().invoke(lab, ["cloud", "up", *words])
    ended = CliRunner().invoke(lab, ["cloud", "down", *words])
    shutil.rmtree(place.parent / "cloud")

    assert "http://127.0.0.1:" in started.stdout
    assert f"with VMs of {place}" in str(other.exception)
    assert 0 == ended.exit_code
