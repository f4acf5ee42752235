"""A lab host as a distribution's cloud image has it: cloud-init, and nothing of ours."""

from __future__ import annotations

from slackwater.lab import LabHost
from tests.hosts.converge.running import out

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


def make(host: LabHost, endpoint: str, variables: dict[str, str]) -> None:
    """Powered off when it is done: an image that has never been started as an instance."""
    assert 0 == host.ssh(INSTALL, timeout=LONG).returncode
    for path, text in {"/etc/cloud/cloud.cfg.d/99-lab.cfg": CONFIGURATION, "/usr/sbin/lab-init": INIT}.items():
        host.ssh(f"cat > {path}", input=text)
    out(host, "chmod 755 /usr/sbin/lab-init; cloud-init clean --logs; rm -rf /var/lib/cloud")
    # urllib knows no networks in no_proxy, only names and addresses.
    out(host, f"sed -i 's/^no_proxy=/&{endpoint},/' /etc/environment")
    lines = "".join(f"{name}={value}\n" for name, value in variables.items())
    host.ssh("cat >> /etc/environment; sync", input=lines)
    host.power_cut()
