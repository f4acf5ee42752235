"""Workers from the host."""

from __future__ import annotations

import pytest

from slackwater.settings import Environment, Server, memory_max_mb, workers

PLENTY = 1_000_000
COUNTS = [
    # environment, profile, cores, memory, expected
    ("development", "balanced", 8, PLENTY, 2),
    ("development", "io", 1, PLENTY, 2),
    ("staging", "balanced", 1, PLENTY, 2),
    ("staging", "cpu", 4, PLENTY, 5),
    ("staging", "io", 64, PLENTY, 16),
    ("production", "balanced", 1, PLENTY, 3),
    ("production", "balanced", 4, PLENTY, 9),
    ("production", "balanced", 8, PLENTY, 16),
    ("production", "cpu", 4, PLENTY, 4),
    ("production", "cpu", 32, PLENTY, 16),
    ("production", "io", 2, PLENTY, 8),
    ("production", "io", 8, PLENTY, 16),
    ("production", "balanced", 4, 2048, 3),
    ("production", "balanced", 4, 768, 1),
    ("production", "balanced", 4, 256, 1),
    ("production", "balanced", 4, 0, 1),
    ("development", "balanced", 4, 768, 1),
]


@pytest.mark.parametrize(("environment", "profile", "cores", "memory", "expected"), COUNTS)
def test_workers_follow_environment_profile_cores_and_memory(
    environment: Environment, profile: str, cores: int, memory: int, expected: int
) -> None:
    """Two slots of 256 MB a worker must fit beside the system's 256 MB."""
    server = Server(profile=profile)

    assert expected == workers(server, cores=cores, memory_mb=memory, environment=environment)


def test_a_declared_number_is_taken_as_it_is() -> None:
    """Who writes a number has measured."""
    assert 40 == workers(Server(workers=40), cores=1, memory_mb=512, environment="production")


def test_a_slot_may_take_half_of_what_the_system_leaves() -> None:
    """Two slots run side by side during a switch."""
    assert 896 == memory_max_mb(Server(), cores=2, memory_mb=2048, environment="production")


def test_a_slot_gets_what_its_declared_workers_need() -> None:
    """A limit below it would kill workers that do nothing wrong."""
    assert 1024 == memory_max_mb(Server(workers=4), cores=2, memory_mb=1024, environment="production")


def test_a_declared_limit_is_taken_as_it_is() -> None:
    """The user's own figure."""
    assert 300 == memory_max_mb(Server(memory_max=300), cores=2, memory_mb=2048, environment="production")
