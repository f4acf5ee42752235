"""Instances of the lab's cloud are machines: they boot with their user-data, serve, and are gone."""

from __future__ import annotations

import json
from pathlib import Path

from slackwater.lab._run import run
from tests.hosts.cloud.conftest import Fleet, is_off, read, until

BEHIND = """set -e
ip netns add behind
ip link add out type veth peer name eth0 netns behind
ip addr add 10.99.0.1/30 dev out
ip link set out up
ip -n behind addr add 10.99.0.2/30 dev eth0
ip -n behind link set eth0 up
ip -n behind route add default via 10.99.0.1
sysctl -q -w net.ipv4.ip_forward=1
"""
"""A network behind the instance, as a container has it."""
ASK_FROM_BEHIND = """ip netns exec behind curl -s -m 3 -o /dev/null -w '%{http_code}' -X PUT \\
  -H 'X-aws-ec2-metadata-token-ttl-seconds: 60' http://169.254.169.254/latest/api/token | sed s/000/none/
"""


def test_an_instance_boots_with_its_user_data_and_comes_into_service_by_itself(fleet: Fleet) -> None:
    """Its script asks the metadata service who it is and completes its own hook."""
    fleet.desire(1)
    (one,) = fleet.serving(1)
    host = fleet.host(one)
    described = fleet.ec2.describe_instances(InstanceIds=[one])["Reservations"][0]["Instances"][0]

    assert one == host.ssh("cat /root/me").stdout.strip()
    assert host.address == described["PrivateIpAddress"] == read(host, "local-ipv4")
    assert "status: done" in host.ssh("cloud-init status --wait").stdout
    assert "InService" == read(host, "autoscaling/target-lifecycle-state")
    assert "401" == host.ssh("curl -s -o /dev/null -w '%{http_code}' http://169.254.169.254/latest/").stdout
    assert json.loads(read(host, "iam/security-credentials/slackwater-lab"))["AccessKeyId"]


def test_a_metadata_answer_does_not_travel_beyond_the_host(fleet: Fleet) -> None:
    """With a hop limit of one, whoever is behind a router on the instance gets no token; with two it does."""
    (one,) = fleet.serving(1)
    host = fleet.host(one)
    host.ssh(BEHIND)
    far = fleet.machines.network.fabric
    run("ip", "-n", far, "route", "add", "10.99.0.2/32", "via", host.address)
    view = fleet.endpoint.cloud.metadata(one)
    own, view.address = view.address, "10.99.0.2"  # the service knows who asks by the address
    try:
        before = host.ssh(ASK_FROM_BEHIND).stdout
        fleet.ec2.modify_instance_metadata_options(InstanceId=one, HttpPutResponseHopLimit=2)
        after = host.ssh(ASK_FROM_BEHIND).stdout
    finally:
        view.address = own
        fleet.ec2.modify_instance_metadata_options(InstanceId=one, HttpPutResponseHopLimit=1)

    assert ("none", "200") == (before, after)


def test_a_machine_that_loses_its_power_is_replaced(fleet: Fleet) -> None:
    """By another machine with another address; what was on the old one is gone."""
    (one,) = fleet.serving(1)
    address = fleet.host(one).address
    fleet.host(one).power_cut()
    until(lambda: fleet.states().get(one) == "Terminating:Wait")
    stopped = fleet.power(one)
    fleet.drained(one)
    (other,) = fleet.serving(1)

    assert "stopped" == stopped
    assert one != other
    assert address != fleet.host(other).address


def test_an_interrupted_instance_reads_it_and_is_switched_off(fleet: Fleet) -> None:
    """Whatever hook would hold it; another comes."""
    (one,) = fleet.serving(1)
    host = fleet.host(one)
    fleet.endpoint.cloud.interrupt(one, seconds=10)
    told = json.loads(read(host, "spot/instance-action"))
    until(lambda: is_off(host))
    (other,) = fleet.serving(1)

    assert "terminate" == told["action"]
    assert one != other
    assert "terminated" == fleet.power(one)


def test_a_leaver_reads_that_it_leaves_and_its_host_is_gone(fleet: Fleet) -> None:
    """Disk, name and address included."""
    (one,) = fleet.serving(1)
    host = fleet.host(one)
    fleet.desire(0)
    until(lambda: fleet.states().get(one) == "Terminating:Wait")
    told = read(host, "autoscaling/target-lifecycle-state")
    fleet.drained(one)
    until(lambda: not fleet.machines.lab.instances())

    assert "Terminated" == told
    assert {} == fleet.states()
    assert not host.directory.exists()


def test_a_stopped_instance_starts_again_with_its_disk(fleet: Fleet) -> None:
    """One of no group: EC2's own verbs; cloud-init runs its user-data once only."""
    script = "#!/bin/bash\ndate +%s%N >> /root/runs\n"
    made = fleet.ec2.run_instances(ImageId=fleet.ground.image, MinCount=1, MaxCount=1, UserData=script)["Instances"][0]
    one = made["InstanceId"]
    until(lambda: fleet.power(one) == "running")
    host = fleet.host(one)
    host.wait_until_ready()
    first = host.ssh("cloud-init status --wait > /dev/null; cat /root/runs").stdout
    fleet.ec2.stop_instances(InstanceIds=[one])
    until(lambda: is_off(host))
    stopped = fleet.power(one)
    fleet.ec2.start_instances(InstanceIds=[one])
    until(lambda: fleet.power(one) == "running")
    host.wait_until_ready()
    second = host.ssh("cloud-init status --wait > /dev/null; cat /root/runs").stdout
    fleet.ec2.terminate_instances(InstanceIds=[one])
    until(lambda: not host.directory.exists())

    assert (1, first) == (len(first.split()), second)
    assert "stopped" == stopped


def test_nothing_of_the_machine_itself_is_changed(fleet: Fleet) -> None:
    """The cloud listens on the lab's own cable and nowhere else."""
    address, port = fleet.endpoint.url.removeprefix("http://").split(":")
    listening = [line.split()[1] for line in Path("/proc/net/tcp").read_text().splitlines()[1:] if " 0A " in line]
    mine = {place.split(":")[0] for place in listening if int(place.split(":")[1], 16) == int(port)}
    own = "".join(f"{int(part):02X}" for part in reversed(address.split(".")))

    assert own in mine
    # Another test's server may have the same number on loopback, whose addresses end in 127 here.
    assert {own} == {place for place in mine if not place.endswith("7F")}
