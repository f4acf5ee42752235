"""What runs beside what when the suite has several workers: a lane is one worker's from its first test to its last."""

from __future__ import annotations

from pathlib import PurePosixPath

from xdist.scheduler import LoadScopeScheduling

LANES = (
    ("tests/hosts/converge",),
    (
        "tests/hosts/balancers/test_members.py",
        "tests/hosts/balancers/test_membership_faults.py",
        "tests/hosts/balancers/test_deaths.py",
        "tests/hosts/balancers/test_restarts.py",
        "tests/hosts/balancers/test_odd_backends.py",
        "tests/hosts/balancers/test_edge.py",
    ),
    ("tests/hosts/releases/test_broken.py", "tests/hosts/releases/test_operators.py"),
    ("tests/hosts/arrival",),
    ("tests/hosts/converge/test_interrupted.py",),
    ("tests/hosts/drain/test_counted.py", "tests/hosts/drain/test_matrix.py"),
    ("tests/hosts/drain",),
    ("tests/hosts/drill", "tests/hosts/test_demo.py"),
    ("tests/hosts/workers",),
    ("tests/hosts/releases/test_back_to_back.py",),
    ("tests/hosts/converge/test_breaker.py", "tests/hosts/test_image.py"),
    ("tests/hosts/releases/test_six_hosts.py",),
    ("tests/hosts/balancers/test_two_balancers.py",),
    ("tests/hosts/test_lab.py",),
    ("tests/hosts/balancers/test_former_balancer.py",),
    ("tests/hosts/cloud",),
)
"""A fleet's modules stand in one lane, for two workers would make it twice. The longest come first, so that none is
left when all others are over; a worker that is free takes the next.

Three workers, because two processors are then busy: with a fourth, hosts missed the deadlines that rollouts give them.
"""


SHARED = {"tests/examples", "tests/lab/cloud/tour", "tests/lint", "tests/release", "tests/rollout", "tests/serving"}
"""Folders whose fixtures live as long as the run: two workers would make each twice."""


def place(file: str) -> tuple[int, int]:
    """Number of its lane and place in it, by the closest name; what no lane names comes after all of them."""
    found = {
        name: (number, step)
        for number, lane in enumerate(LANES)
        for step, name in enumerate(lane)
        if PurePosixPath(file).is_relative_to(name)
    }
    return found[max(found, key=len)] if found else (len(LANES), 0)


def unit(nodeid: str) -> str:
    """What is handed to a worker as one: a lane, a folder that shares what it makes, or a file."""
    file = nodeid.partition("::")[0]
    lane, _ = place(file)
    if lane < len(LANES):
        return f"lane {lane + 1}"
    return next((folder for folder in SHARED if PurePosixPath(file).is_relative_to(folder)), file)


class Lanes(LoadScopeScheduling):
    """Hands out whole units, in the order in which the tests were sorted."""

    def _split_scope(self, nodeid: str) -> str:
        return unit(nodeid)
