"""The shipper as a process: all arrives, once, whatever ends it on the way, and nothing grows meanwhile."""

from __future__ import annotations

import gzip
import os
import time
from pathlib import Path

import pytest

from slackwater.agents.logs.packet import LARGEST, Packet, Position
from slackwater.agents.logs.places import Bucket, Directory
from slackwater.agents.logs.ship import ship
from slackwater.agents.logs.spool import Spool
from slackwater.agents.metadata import Metadata
from slackwater.agents.signed import Aws
from slackwater.lab.cloud import Endpoint
from slackwater.release.store import S3Files
from tests.agents.logs.site import Site

ME = "i-0123456789abcdef0"
KILLS = 60 if os.environ.get("SLACKWATER_LONG") else 6


def test_what_was_said_can_be_read_elsewhere(instance: Site, sky: Endpoint) -> None:
    """Under the instance's own id; a second run has nothing to do."""
    instance.says("the tide\nturns", [104, 105, 255], None, "last words")
    instance.says("Main process exited, code=killed", UNIT="slackwater-shop@r2-bbbbbbbb.service")
    instance.writes("access.log", '{"status":200}', '{"status":500}')
    first, again = instance.run(), instance.run()
    found = sky.client("s3").list_objects_v2(Bucket="tides")["Contents"]

    assert ((0, ""), (0, "")) == (first, again)
    assert ["the tide\nturns", "hi\ufffd", "", "last words", "Main process exited, code=killed"] == instance.shipped(
        host=ME
    )
    assert ['{"status":200}', '{"status":500}'] == instance.shipped("nginx-access", ME)
    assert 2 == len(found)
    assert all(each["Key"].startswith(f"logs/production/{ME}/20") for each in found)
    assert (
        "slackwater_logs_shipped_timestamp_seconds 1"
        in (instance.root / "run/slackwater-logs/metrics.prom").read_text()
    )


def test_nothing_is_written_over_and_nobody_else_may_read_it(instance: Site, sky: Endpoint) -> None:
    """S3 itself refuses a second object of a name, which is that of its content; the bucket's owner alone has it."""
    aws = Aws(Metadata(instance.metadata), sky.region, sky.url, time.monotonic() + 30)
    for body in (b"one", b"two"):
        Bucket("s3://tides/logs", aws).put("production/x/one.gz", body)
    s3, place = sky.client("s3"), {"Bucket": "tides", "Key": "logs/production/x/one.gz"}
    found, grants = s3.get_object(**place), s3.get_object_acl(**place)["Grants"]

    assert (b"one", "application/gzip") == (found["Body"].read(), found["ContentType"])
    assert ["CanonicalUser"] == [each["Grantee"]["Type"] for each in grants]


@pytest.mark.parametrize("code", ["SlowDown", None, "InternalError"])
def test_a_bucket_that_is_away_loses_nothing(instance: Site, sky: Endpoint, code: str | None) -> None:
    """What is said meanwhile stays in the journal: on the disk lies one packet, and no more."""
    sky.fail("s3", "PutObject", code, times=10_000, status=503)
    sizes = []
    for number in range(3):
        instance.says(*(f"{number} {line} {os.urandom(40).hex()}" for line in range(1000)))
        status, said = instance.run("--seconds", "1.5")
        sizes.append(instance.spooled())

        assert (1, True) == (status, "logs wait for the next run: s3 /tides/logs/production/" in said), said
    sky.recover()
    first = instance.run()

    assert sizes[0] == sizes[1] == sizes[2]
    assert (0, "") == first
    assert [f"{number} {line}" for number in range(3) for line in range(1000)] == [
        line.rpartition(" ")[0] for line in instance.shipped(host=ME)
    ]


def test_killed_again_and_again_it_neither_loses_nor_doubles(instance: Site) -> None:
    """At whatever it is: reading, packing, sending, noting."""
    for number in range(KILLS):
        instance.says(f"line {number}")
        instance.writes("error.log", f"error {number}")
        running = instance.begin_run()
        time.sleep(0.05 + 0.6 * (number % 10) / 10)
        running.kill()
        running.communicate()
    instance.run()
    wanted = range(KILLS)

    assert [f"line {number}" for number in wanted] == instance.shipped(host=ME)
    assert [f"error {number}" for number in wanted] == instance.shipped("nginx-error", ME)


class Broken(Directory):
    """Takes a packet; whoever brought it never hears of it."""

    def put(self, key: str, body: bytes) -> None:
        super().put(key, body)
        raise OSError("the way back is lost")


def test_an_arrival_that_nobody_heard_of_is_one(tmp_path: Path) -> None:
    """It is sent under the same name again, with what was said since in another."""
    (tmp_path / "spool").mkdir()
    (tmp_path / "shelf").mkdir()
    spool, said = Spool(tmp_path / "spool"), [b"one\n"]

    def source(since: Position) -> Packet | None:
        read = int(since.cursor or 0)
        return Packet("journal", b"".join(said[read:]), Position(str(len(said)))) if said[read:] else None

    with pytest.raises(OSError, match="the way back"):
        ship(spool, Broken(str(tmp_path / "shelf")), "production/app-1", source, time.monotonic() + 9)
    said.append(b"two\n")
    done = ship(spool, Directory(str(tmp_path / "shelf")), "production/app-1", source, time.monotonic() + 9)
    found = sorted((tmp_path / "shelf").rglob("*.gz"))

    assert (2, True) == (done.parcels, done.is_all)
    assert [b"one\n", b"two\n"] == [gzip.decompress(path.read_bytes()) for path in found]


def test_a_flood_goes_in_packets(host: Site) -> None:
    """Each held in memory, so each bounded; in their order."""
    line = "x" * 100_000
    host.says(*(f"{number} {line}" for number in range(120)))
    host.writes("access.log", *(f"{number} {line}" for number in range(60)))
    status = host.run()
    sizes = [len(gzip.decompress((Path(host.to) / key).read_bytes())) for key in host.objects()]

    assert (0, "") == status
    assert [str(number) for number in range(120)] == [text.split()[0] for text in host.shipped()]
    assert [str(number) for number in range(60)] == [text.split()[0] for text in host.shipped("nginx-access")]
    assert 5 <= len(sizes)
    assert max(sizes) <= LARGEST + 200_000


def test_a_journal_that_cannot_be_read_is_not_skipped(host: Site) -> None:
    """Its reader's own words say why."""
    host.says("one")
    (host.root / "broken").touch()
    status, said = host.run()
    (host.root / "broken").unlink()
    host.says("two")

    assert (1, True) == (status, "Input/output error" in said)
    assert (0, "") == host.run()
    assert ["one", "two"] == host.shipped()


def test_a_directory_that_is_not_mounted_is_not_filled_underneath(host: Site, tmp_path: Path) -> None:
    """The disk of the network is away: the next run finds it."""
    (tmp_path / "shelf").rename(tmp_path / "away")
    host.says("one")
    status, said = host.run()
    (tmp_path / "away").rename(tmp_path / "shelf")

    assert (1, True) == (status, f"{tmp_path}/shelf is not there" in said)
    assert (0, "") == host.run()
    assert ["one"] == host.shipped()


def test_one_run_at_a_time(host: Site) -> None:
    """The last run waits for the one that is at it, and not for longer than it was told."""
    host.says("one")
    with Spool(host.root / "var/lib/slackwater/logs").held(time.monotonic()):
        status, said = host.run("--last", "--seconds", "0.5")

    assert (1, "logs wait for the next run: another run ships\n") == (status, said)
    assert (0, "") == host.run("--last")
    assert "journalctl --sync" in (host.root / "jobs").read_text()


def test_a_position_that_cannot_be_read_loses_nothing(host: Site) -> None:
    """A disk's fault: what is there is shipped once more."""
    host.says("one")
    host.run()
    (host.root / "var/lib/slackwater/logs/position.json").write_text("{")
    host.says("two")
    host.run()

    assert ["one", "one", "two"] == host.shipped()


def test_a_shelf_reads_what_s3_holds(instance: Site, sky: Endpoint) -> None:
    """The operator's own way there, by boto3."""
    instance.says("one")
    instance.run()

    assert [key.rpartition("/")[0].rpartition("/")[0] for key in S3Files(instance.to).keys("")] == [f"production/{ME}"]
