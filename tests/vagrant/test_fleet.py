"""The fleet of the Vagrantfile for real, in LXC: `scripts/test --vagrant`. The tests build on one another."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.vagrant.fleet import BRIDGE, VagrantFleet, standing, until

pytestmark = pytest.mark.vagrant


@pytest.fixture(scope="module")
def vms(tmp_path_factory: pytest.TempPathFactory) -> Iterator[VagrantFleet]:
    made = VagrantFleet(tmp_path_factory.mktemp("vms"))
    with standing(made):
        yield made


def test_a_second_converge_changes_nothing(vms: VagrantFleet) -> None:
    """The README's own line; both apps answer through the balancer."""
    first, second = vms.converge(), vms.converge()

    assert int(first) > 0
    assert "-" == second
    assert {"app-1", "app-2"} == vms.serving()


def test_a_release_loses_nothing(vms: VagrantFleet) -> None:
    """Half of the requests are POSTs, and each must have been executed once."""
    (vms.folder / "source/static/tides.txt").write_text("new\n")
    vms.slackwater("release build", "--id", "new")
    with vms.traffic() as people:
        vms.slackwater("rollout", "--release", "new", "--bake", "0")
    vms.nothing_lost(people)

    assert "new" in people.result.releases


def test_a_drain_loses_nothing(vms: VagrantFleet) -> None:
    """app-2 is taken out and put back while people are served."""
    with vms.traffic() as people:
        vms.slackwater("drain", "app-2")
        alone = vms.serving()
        vms.slackwater("undrain", "app-2")
        until(lambda: vms.serving() == {"app-1", "app-2"})
    vms.nothing_lost(people)

    assert {"app-1"} == alone


def test_the_balancer_notices_a_vm_that_is_halted(vms: VagrantFleet) -> None:
    """And takes it back when it is up again; GETs are served all the while."""
    with vms.traffic(posts=0.0) as people:
        vms.vagrant("halt", "app-2")
        until(lambda: vms.serving() == {"app-1"})
        halted = vms.members()
        vms.vagrant("up", "app-2")
        until(lambda: vms.serving() == {"app-1", "app-2"})
    vms.nothing_lost(people)

    assert "up" == halted["app-1"]
    assert halted["app-2"] in {"draining", "down"}  # as far as its own leave came before the power was off


def test_nothing_is_left_after_destroy(vms: VagrantFleet) -> None:
    """No container, no key, no bridge, no proxy of it."""
    ids = {path.read_text() for path in (vms.folder / "dot").glob("machines/*/lxc/id")}
    before = set(vms.good("lxc-ls", "-1").split())
    vms.vagrant("destroy", "-f")
    vms.network("down")
    kept = list((vms.folder / "dot").glob("machines/*/lxc/*"))
    bridge = subprocess.run(["ip", "link", "show", BRIDGE], capture_output=True, check=False)
    groups = {path.name for depth in ("lxc.*", "*/lxc.*") for path in Path("/sys/fs/cgroup").glob(depth)}

    assert (3, set()) == (len(ids), ids - before)
    assert set() == ids & set(vms.good("lxc-ls", "-1").split())
    assert ([], 1) == (kept, bridge.returncode)
    assert not Path(f"/run/slackwater-vagrant/{BRIDGE}").exists()
    assert not [name for name in groups if name.partition(".")[2].partition(".")[2] in ids]
