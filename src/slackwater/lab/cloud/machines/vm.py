"""A VM of Vagrant's that is an instance for a while: it gets its metadata and user-data, and is made anew behind it."""

from __future__ import annotations

import base64
import socket
import subprocess
from pathlib import Path
from typing import Any

from slackwater.errors import LabError
from slackwater.inventory.vagrant_command import logins, running, vagrant
from slackwater.inventory.vagrant_fleet import Vm, kept
from slackwater.lab.metadata import Instance

KNOCK = 2.0
"""Seconds until a VM that does not answer is taken for one that may be off."""
TAKE_LIMIT = 900
"""Seconds: Debian's packages come from afar, and an emulated processor is slow."""
MARK = "instance"
"""Beside what Vagrant keeps of the VM: it has been an instance, and nobody else may get it as it is."""
LAST = 2000
TAKE = """set -eu
export DEBIAN_FRONTEND=noninteractive
if ! dpkg -s cloud-init nftables > /dev/null 2>&1; then
  apt-get -q update
  apt-get -q -y --no-install-recommends install cloud-init nftables
fi
cat > /etc/slackwater-metadata.nft <<'END'
table ip slackwater-metadata {{
  chain asked {{
    type nat hook output priority -100
    ip daddr 169.254.169.254 tcp dport 80 dnat to {address}:{port}
  }}
  chain asker {{
    type nat hook postrouting priority 100
    ip daddr {address} tcp dport {port} masquerade
  }}
}}
END
cat > /etc/systemd/system/slackwater-metadata.service <<'END'
[Unit]
Description=Instance metadata are where the lab's cloud listens
Before=slackwater-bootstrap.service slackwater-drain.service
[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/usr/sbin/nft -f /etc/slackwater-metadata.nft
[Install]
WantedBy=multi-user.target
END
systemctl daemon-reload
systemctl enable -q --now slackwater-metadata.service
cat > /etc/cloud/cloud.cfg.d/99-vagrant.cfg <<'END'
datasource_list: [NoCloud]
network: {{config: disabled}}
ssh_deletekeys: false
ssh_pwauth: false
disable_root: false
preserve_hostname: true
manage_etc_hosts: false
locale: false
END
mkdir -p /var/lib/cloud/seed/nocloud
echo 'instance-id: {id}' > /var/lib/cloud/seed/nocloud/meta-data
base64 -d > /var/lib/cloud/seed/nocloud/user-data <<'END'
{user_data}
END
cloud-init init --local
cloud-init init
cloud-init modules --mode=config
cloud-init modules --mode=final
"""
"""cloud-init has user-data from its disk: in a container it does not take its own word that this is EC2."""


class PooledVm:
    """`place` has the Vagrantfile. Whatever Vagrant refuses is a LabError."""

    def __init__(self, place: Path, vm: Vm) -> None:
        self._place, self.name, self.address = place, vm.name, vm.address

    @property
    def is_used(self) -> bool:
        """Also after a cloud that was killed."""
        return any(kept(self._place).glob(f"{self.name}/*/{MARK}"))

    def take(self, instance: Instance, metadata: tuple[str, int], limit: float = TAKE_LIMIT) -> None:
        """From now on it is this instance: its user-data run, within `limit` seconds. LabError, with what was said,
        when they do not."""
        (self._kept() / MARK).write_text(instance.id)
        told = instance.user_data or "#cloud-config\n{}\n"
        text = base64.encodebytes(told if isinstance(told, bytes) else told.encode()).decode().strip()
        address, port = metadata
        self._as_root(TAKE.format(id=instance.id, user_data=text, address=address, port=port), limit)

    def start(self) -> None:
        vagrant(self._place, "up", self.name, "--provider", self._provider())

    def stop(self) -> None:
        vagrant(self._place, "halt", self.name)

    def crash(self) -> None:
        vagrant(self._place, "halt", "--force", self.name)

    def reset(self) -> None:
        """The next one begins with the box's own disk."""
        provider = self._provider()
        vagrant(self._place, "destroy", "--force", self.name)
        vagrant(self._place, "up", self.name, "--provider", provider)

    def is_on(self, port: int) -> bool:
        """Vagrant is asked only where nobody answers there: it takes seconds to say something."""
        try:
            socket.create_connection((self.address, port), KNOCK).close()
        except OSError:
            return self.name in running(self._place, self.name)
        return True

    def _provider(self) -> str:
        return self._kept().name

    def _kept(self) -> Path:
        for identity in sorted(kept(self._place).glob(f"{self.name}/*/id")):
            return identity.parent
        raise LabError(f"{self.name} of {self._place} has not been made yet: `vagrant up {self.name}` there")

    def _as_root(self, script: str, limit: float) -> None:
        command = [*_ssh(logins(self._place, self.name)[self.name], self._kept() / "known_hosts"), "sudo sh -s"]
        try:
            done = subprocess.run(
                command, input=script, capture_output=True, text=True, errors="replace", timeout=limit, check=False
            )
        except subprocess.TimeoutExpired as error:
            raise LabError(f"{self.name} does not become an instance within {limit:g} s") from error
        if done.returncode:
            raise LabError(f"{self.name} does not become an instance:\n{(done.stdout + done.stderr)[-LAST:]}")


def _ssh(login: dict[str, Any], known_hosts: Path) -> list[str]:
    options = {
        "IdentitiesOnly": "yes",
        "IdentityFile": f'"{login["ssh_key"]}"',
        "UserKnownHostsFile": f'"{known_hosts}"',
        "StrictHostKeyChecking": "accept-new",
        "BatchMode": "yes",
    }
    words = [word for name, value in options.items() for word in ("-o", f"{name}={value}")]
    return ["ssh", "-F", "none", *words, "-p", str(login["ssh_port"]), f"{login['ssh_user']}@{login['ssh_hostname']}"]
