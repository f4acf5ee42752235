"""An instance of an image that `slackwater image prepare` made has next to nothing left to do."""

from __future__ import annotations

import requests

from slackwater.lab.cloud import Endpoint, Ground
from slackwater.lab.launches import Project, launched, make, prepare
from slackwater.lab.launches.disk import upper
from tests.hosts.arrival.test_arrival import NO_INDEX
from tests.hosts.conftest import ShortLived
from tests.hosts.converge.running import out

NO_MIRROR = 'Acquire::http::Proxy "http://127.0.0.1:9";\nAcquire::https::Proxy "http://127.0.0.1:9";\n'
INSTALLED = "grep -E ' (install|upgrade) ' /var/log/dpkg.log 2>/dev/null || true"
MADE_SINCE = "find /opt/slackwater/uv /srv/slackwater/shop/{{releases,environments}} -type f -newermt @{}"


def test_an_instance_of_a_prepared_image_needs_neither_mirror_nor_index(
    lab: ShortLived, sky: Endpoint, ground: Ground, project: Project
) -> None:
    """Sealed, and started as another instance: it installs nothing, joins, and is nobody else."""
    with lab("prepared", app=1) as made:
        host = made.host("app-1")
        make(host)
        prepare(host, project)
        (upper(host) / "etc/apt/apt.conf.d/80proxy").write_text(NO_MIRROR)
        with launched(host, sky, ground, project, project.bundle("--wheels"), variables=NO_INDEX) as one:
            one.power_on()

            assert "InService" == one.wait("InService", "gone"), one.journal()
            assert "first" == requests.get(f"http://{host.address}:8000/", timeout=10).json()["release"]
            assert "" == out(host, INSTALLED)
            assert "" == out(host, MADE_SINCE.format(int(one.began)))
            assert one.instance == out(host, "cat /var/lib/cloud/data/instance-id")
            builders = (host.directory / "seed/etc/machine-id").read_text().strip()
            assert out(host, "cat /etc/machine-id") not in {"", builders}
            print("seconds", one.seconds())  # noqa: T201 - what docs/images.md says of it is measured here
