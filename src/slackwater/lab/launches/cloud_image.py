"""A lab host as a distribution's cloud image has it: cloud-init, and nothing of ours."""

from __future__ import annotations

from slackwater.lab.host import LabHost
from slackwater.lab.launches.disk import upper
from slackwater.lab.launches.words import out

LONG = 300
"""Seconds: packages come from afar."""
CONFIGURATION = """# What a host in a container needs to be taken for a machine of EC2.
datasource_list: [Ec2]
datasource: {Ec2: {metadata_urls: ["http://169.254.169.254"], strict_id: false, max_wait: 30, timeout: 5}}
network: {config: disabled}
disable_root: false
locale: false
ssh_deletekeys: false
preserve_hostname: true
manage_etc_hosts: false
"""
INIT = """#!/bin/sh
# cloud-init reads /sys/hypervisor/uuid before it asks whether this is a container. sysfs cannot be written, so /sys
# becomes a tmpfs whose entries are the real sysfs directories.
mount --make-rprivate /
mkdir -p /run/realsys
mount --rbind /sys /run/realsys
mount --make-rprivate /run/realsys
mount -t tmpfs -o mode=755,nosuid,nodev,noexec tmpfs /sys
for d in /run/realsys/*; do
  mkdir -p "/sys/${d##*/}"
  mount --rbind "$d" "/sys/${d##*/}"
done
mkdir /sys/hypervisor
echo ec2e1916-9099-7caf-fd21-012345abcdef > /sys/hypervisor/uuid
mount -o remount,ro /sys
exec /sbin/lab-init-plain "$@"
"""
INSTALL = """set -eu
export DEBIAN_FRONTEND=noninteractive
apt-get -q update
apt-get -q -y --no-install-recommends install cloud-init
rm -f /usr/sbin/dhclient /sbin/dhclient
mv /usr/sbin/lab-init /usr/sbin/lab-init-plain
"""


def make(host: LabHost) -> None:
    """Powered off when it is done: an image that has never been started as an instance."""
    out(host, INSTALL, timeout=LONG)
    for path, text in {"/etc/cloud/cloud.cfg.d/99-lab.cfg": CONFIGURATION, "/usr/sbin/lab-init": INIT}.items():
        out(host, f"cat > {path}", text)
    out(host, "chmod 755 /usr/sbin/lab-init; cloud-init clean --logs; rm -rf /var/lib/cloud; sync")
    host.power_cut()


def tell(host: LabHost, variables: dict[str, str]) -> None:
    """To a host that is off: the environment of its services, in which this machine is reached past the proxy."""
    file, machine = upper(host) / "etc/environment", host.lan.machine_side
    told = dict(line.split("=", 1) for line in file.read_text().splitlines())
    # urllib knows no networks in no_proxy, only names and addresses.
    direct = [machine, *(each for each in told["no_proxy"].split(",") if each != machine)]
    told |= {"no_proxy": ",".join(direct), **variables}
    file.write_text("".join(f"{name}={value}\n" for name, value in told.items()))
