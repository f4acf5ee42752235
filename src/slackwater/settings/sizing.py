"""How many workers a host gets, and how much memory each slot may take: pure functions of what the host has."""

from __future__ import annotations

from typing import Literal

from slackwater.settings.server import Profile, Server

Environment = Literal["development", "staging", "production"]

DEVELOPMENT_WORKERS = 2
MOST_WORKERS = 16
# The old and the new slot run side by side during a switch; counted once, the switch would end in the OOM killer.
SLOTS = 2
# What the system, nginx and the agents use; given to the app it would be taken from sshd under pressure.
SYSTEM_MB = 256


def workers(server: Server, *, cores: int, memory_mb: int, environment: Environment) -> int:
    """`Server.workers` if it is set; else by environment and profile, never more than memory holds for two slots.

    `memory_mb` is all memory of the host.
    """
    if server.workers is not None:
        return server.workers
    fits = slot_mb(memory_mb) // server.memory_per_worker
    return max(1, min(_wanted(server.profile, cores, environment), fits))


def memory_max_mb(server: Server, *, cores: int, memory_mb: int, environment: Environment) -> int:
    """The MemoryMax of one slot: half of what the system leaves, or more where the declared workers need it."""
    if server.memory_max is not None:
        return server.memory_max
    needed = workers(server, cores=cores, memory_mb=memory_mb, environment=environment) * server.memory_per_worker
    return max(slot_mb(memory_mb), needed)


def _wanted(profile: Profile, cores: int, environment: Environment) -> int:
    by_profile = {"cpu": cores, "balanced": 2 * cores + 1, "io": 4 * cores}
    wanted = {"development": DEVELOPMENT_WORKERS, "staging": cores + 1, "production": by_profile[profile]}
    return min(wanted[environment], MOST_WORKERS)


def slot_mb(memory_mb: int) -> int:
    """Half of what the system leaves: the old and the new slot run side by side."""
    return max(0, memory_mb - SYSTEM_MB) // SLOTS
