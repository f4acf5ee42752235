"""What a host has said can be read when it is gone: drained and cut off, switched off, its shipper killed, S3 away."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from slackwater.lab import Lab, LabHost
from slackwater.lab.cloud import Endpoint, cloud
from slackwater.lab.launches.relay import relay
from slackwater.lab.metadata import Instance, in_lab, serving
from slackwater.logs import Wanted, lines, shelf
from tests.hosts.balancers.desk import measured, until
from tests.hosts.drain.test_drain import is_out, serves
from tests.hosts.releases.site import Site

Fleet = Callable[..., Lab]
ME, NAME, SHELF = "i-0123456789abcdef0", "app-1", "s3://tides/logs"
SLOTS = "journalctl -q --no-pager -o cat --all -u 'slackwater-shop@*'"
SERVICES = SLOTS.replace("@*", "@*.service")
"""Sockets are systemd's, and closed after the last run: nothing of the app's is said by them."""
ACCESS = "cat /var/log/nginx/access.log"
LARGEST = 25 * 1024
RUN = "systemctl start slackwater-logs.service"


@dataclass
class Shipping:
    """One instance, whose metadata and bucket are the lab's cloud's."""

    site: Site
    sky: Endpoint
    fleet: str

    @property
    def host(self) -> LabHost:
        return self.site.lab.host(NAME)

    def on(self, command: str) -> str:
        return self.site.on(NAME, command)

    def ask(self, path: str) -> None:
        self.on(f"curl -s -o /dev/null http://127.0.0.1:8000/{path}")

    def is_out(self) -> bool:
        """Also while the host boots: then it does not answer."""
        done = self.host.ssh("slackwater-drain status --json")
        return done.returncode == 0 and is_out(json.loads(done.stdout))

    def shipped(self, source: str = "journal", unit: str = "", kind: str = "") -> list[str]:
        """Read as an operator would: the host is not asked. `unit` is in the unit's name, `kind` ends it."""
        return [
            line.text
            for line in lines(shelf(SHELF), self.fleet, ME, Wanted(source))
            if unit in line.unit and line.unit.endswith(kind)
        ]


@pytest.fixture(scope="module")
def shipping(passing: Fleet, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shipping]:
    lab = passing("shipping", app=1)
    host = lab.host(NAME)
    with cloud(tmp_path_factory.mktemp("cloud")) as sky, pytest.MonkeyPatch.context() as patched:
        for name, value in sky.environment.items():
            patched.setenv(name, value)
        place = {"LocationConstraint": sky.region}
        sky.client("s3").create_bucket(Bucket="tides", CreateBucketConfiguration=place)
        parts, me = urlsplit(sky.url), Instance(ME, host.address)
        with (
            relay(host.lan.machine_side, (str(parts.hostname), int(parts.port or 80))) as endpoint,
            serving(in_lab(host.lan), {host.address: me}.get),
        ):
            site = _converged(lab, tmp_path_factory.mktemp("site"), endpoint, sky.region)
            yield Shipping(site, sky, json.loads(site.on(NAME, "cat /etc/slackwater/logs.json"))["fleet"])


def _converged(lab: Lab, folder: Path, endpoint: str, region: str) -> Site:
    site = Site(lab, folder / "site")
    site.tell(stable=0)
    told = site.told / "all.py"
    told.write_text(told.read_text() + f"logs = Logs(ship_to={SHELF!r})\n")
    instance = json.dumps({"group": "shop", "region": region, "endpoint": endpoint})
    site.on(NAME, f"install -d /etc/slackwater && echo '{instance}' > /etc/slackwater/instance.json")
    site.converge()
    return site


def test_the_agents_of_an_instance_are_small(shipping: Shipping) -> None:
    """The drain agent that speaks to AWS stays below 25 MB; of the shipper nothing is there between two runs."""
    until(lambda: "PutMetricData" in str(shipping.sky.calls), "the agent to have published", limit=120)
    process = shipping.on("systemctl show -p MainPID --value slackwater-drain.service")
    used = shipping.on(f"grep VmRSS /proc/{process}/status").split()[1]
    measured(f"the drain agent of an instance: {used} kB")

    assert int(used) < LARGEST
    assert "0" == shipping.on(f"{RUN}; systemctl show -p MainPID --value slackwater-logs.service")


def test_a_host_that_was_drained_and_is_gone_has_said_its_last_word(shipping: Shipping) -> None:
    """Without its power, and without a word of farewell: all that it said until the leave had ended is there."""
    shipping.ask("last-request")
    shipping.on("slackwater-drain drain")
    until(shipping.is_out, "the host to be out", limit=120)
    slots, hooks = shipping.on(SLOTS), json.loads(shipping.on("cat /run/slackwater-drain-hooks/result.json"))
    shipping.host.power_cut()
    found, access = shipping.shipped(unit="slackwater-shop@"), shipping.shipped("nginx-access")
    shipping.host.start()
    until(shipping.is_out, "the host to be out again", limit=120)
    running = shipping.on("systemctl list-units --plain --no-legend --state=active 'slackwater-shop@*.service'")
    shipping.on("slackwater-drain undrain")
    until(lambda: serves(shipping.site, NAME), "the host to serve again", limit=120)

    assert [("logs", 0)] == [(one["hook"], one["status"]) for one in hooks["hooks"]]
    assert slots.splitlines() == "\n".join(found).splitlines()
    assert any("Shutting down: Master" in line for line in found), found[-5:]
    assert "last-request" in access[-1]
    assert "" == running


def test_a_host_that_is_switched_off_says_all_until_its_app_has_stopped(shipping: Shipping) -> None:
    """Nobody drained it, and no timer came; each line is there once, also those of the stop itself."""
    shipping.ask("before-the-end")
    shipping.host.shut_down()
    found, access = shipping.shipped(unit="slackwater-shop@", kind=".service"), shipping.shipped("nginx-access")
    shipping.host.start()
    until(lambda: serves(shipping.site, NAME), "the host to serve again", limit=120)
    said = shipping.on(f"{SERVICES} -b -1").splitlines()

    assert said == "\n".join(found).splitlines()[-len(said) :]
    assert any("Shutting down: Master" in line for line in said), said[-5:]
    assert 1 == len([line for line in access if "before-the-end" in line])


def test_killed_and_with_its_bucket_away_it_loses_and_doubles_nothing(shipping: Shipping) -> None:
    """The app serves on meanwhile; what was said is there when the bucket is."""
    shipping.sky.fail("s3", "PutObject", "SlowDown", times=100_000, status=503)
    for number in range(6):
        shipping.ask(f"while-it-is-away-{number}")
        shipping.on(f"{RUN} --no-block; sleep 0.{number}; systemctl kill -s KILL slackwater-logs.service || true")
    spooled = shipping.on("ls /var/lib/slackwater/logs").split()
    shipping.sky.recover()
    time.sleep(1)
    until(lambda: shipping.host.ssh(RUN).returncode == 0, "a run that ends well", limit=120)
    said = shipping.on(ACCESS).splitlines()

    assert {"lock", "position.json"} <= set(spooled) <= {
        "lock", "position.json", "body.gz", "body.new", "parcel.json", ".parcel.json.new", ".position.json.new"
    }  # fmt: skip
    assert said == shipping.shipped("nginx-access")
    assert 6 == len([line for line in said if "while-it-is-away" in line])
