"""From what is asked for and what is there to what shall be."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from slackwater.errors import LabError
from slackwater.lab.records import HostRecord, LabRecord
from slackwater.lab.wishes import Wishes, planned

NEW = LabRecord("local", 0)
OLD = LabRecord("local", 0, (HostRecord("app-1", "bookworm", "old"), HostRecord("app-2", "bookworm", "old")))
IMAGE: Callable[[str], str] = "{}-new".format


def test_a_new_lab_is_the_smallest_fleet_that_shows_something() -> None:
    """Two app hosts behind a balancer."""
    assert ["app-1", "app-2", "balancer-1"] == planned(NEW, Wishes(), IMAGE).names()


def test_a_lab_that_is_there_stays_as_it_is() -> None:
    """`up` without a number never shrinks nor grows it."""
    assert OLD == planned(OLD, Wishes(suite="trixie"), IMAGE)


def test_a_lab_grows_by_what_is_missing() -> None:
    """Old hosts keep their image, new ones get the newest."""
    grown = planned(OLD, Wishes({"app": 3}), IMAGE)

    assert [("app-1", "old"), ("app-2", "old"), ("app-3", "bookworm-new")] == [(h.name, h.image) for h in grown.hosts]


def test_a_lower_number_removes_nothing() -> None:
    """The sentence names the hosts and the command that removes them."""
    with pytest.raises(LabError, match="`slackwater lab down --name local app-2`"):
        planned(OLD, Wishes({"app": 1}), IMAGE)


def test_one_host_may_have_another_system_and_disk() -> None:
    """The others have what all have."""
    wishes = Wishes({"app": 2, "balancer": 0}, suite_of={"app-2": "trixie"}, disk_of={"app-1": "300M"})

    assert [("bookworm", "300M"), ("trixie", None)] == [(h.suite, h.disk) for h in planned(NEW, wishes, IMAGE).hosts]


def test_instances_of_the_labs_cloud_are_nobodys_wish() -> None:
    """They stay, they are not counted, and a lab of theirs alone is new to `up`."""
    instance = HostRecord("instance-7", "bookworm", "cloud", instance="i-7")
    alone = planned(LabRecord("local", 0, (instance,)), Wishes(), IMAGE)
    beside = planned(LabRecord("local", 0, (*OLD.hosts, instance)), Wishes({"app": 3}), IMAGE)

    assert ["app-1", "app-2", "balancer-1", "instance-7"] == alone.names()
    assert ["app-1", "app-2", "app-3", "instance-7"] == beside.names()
    assert instance == beside.hosts[-1]


@pytest.mark.parametrize(
    ("wishes", "words"),
    [
        (Wishes(suite="sid"), "bookworm and trixie"),
        (Wishes(suite_of={"app-1": "sid"}), "bookworm and trixie"),
        (Wishes(suite_of={"app-9": "trixie"}), "app-9 is not among the hosts"),
        (Wishes(disk_of={"app-1": "300"}), "such as 300M"),
        (Wishes(disk_of={"worker-1": "300M"}), "worker-1 is not among the hosts"),
        (Wishes({"app": 1000}), "0 to 99"),
    ],
)
def test_what_no_lab_understands_is_refused(wishes: Wishes, words: str) -> None:
    """The sentence says what is allowed."""
    with pytest.raises(LabError, match=words):
        planned(NEW, wishes, IMAGE)


@pytest.mark.parametrize("wishes", [Wishes(suite_of={"app-1": "trixie"}), Wishes(disk_of={"app-1": "300M"})])
def test_a_host_that_is_there_does_not_change_its_nature(wishes: Wishes) -> None:
    """The sentence says how to make it anew."""
    with pytest.raises(LabError, match="remove it first"):
        planned(OLD, wishes, IMAGE)
