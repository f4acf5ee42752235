"""Worker hosts and their broker: each check breaks the example fleet, and a right one is clean."""

from __future__ import annotations

from pathlib import Path

import pytest

from .conftest import Check

HOUSE = Path(__file__).parents[2]
HEAD = "from slackwater import *\n"
INVENTORY = 'app = ["app-1"]\nworker = ["worker-1", "worker-2"]\ncache = [("cache-1", {"address": "10.0.0.2"})]\n'
WORKER = HEAD + 'worker = Worker(application="shop.tasks:celery"{more})\n'
CACHE = HEAD + 'cache = Cache(password=Secret.file("key"))\n'


def files(more: str = "", **changes: str | None) -> dict[str, str | None]:
    told = {"inventories/prod.py": INVENTORY, "group_data/worker.py": WORKER.format(more=more)}
    return {**told, "group_data/cache.py": CACHE, "key": "value\n", **{name.replace("__", "/") + ".py": text
            for name, text in changes.items()}}  # fmt: skip


@pytest.mark.parametrize("more", ["", ", beat=True", ", drain_timeout=160", ", queues=['a', 'b'], prefetch=4"])
def test_a_right_fleet_is_clean(check: Check, more: str) -> None:
    """Workers take the app from its own group."""
    assert [] == check(files(more))


def uncommented(name: str) -> str:
    """A file of group_data once its comments are taken away."""
    lines = (HOUSE / f"group_data/{name}.py").read_text().splitlines()
    (first,) = (number for number, line in enumerate(lines) if line.startswith("# from slackwater import"))
    return "\n".join(line.removeprefix("#").removeprefix(" ") for line in lines[first:]) + "\n"


def test_the_examples_in_the_comments_are_clean(check: Check) -> None:
    """What `slackwater init` hands out; as it stands it declares nothing."""
    told = {name: uncommented(name) for name in ("worker", "cache")}
    secret = told["cache"].replace('Secret.environment("CACHE_PASSWORD")', 'Secret.file("key")')

    assert "Worker(" in told["worker"]
    assert "Secret.file(" in secret
    assert [] == check(files(group_data__worker=told["worker"], group_data__cache=secret))


@pytest.mark.parametrize(
    ("wrong", "field", "said"),
    [
        (files(group_data__worker=None), "worker", "is missing for worker-1, worker-2"),
        (files(group_data__cache=None), "cache", "is missing for cache-1"),
        (files(", drain_timeout=161"), "drain.deadline", "must be at least 241 seconds: the workers' stop (181)"),
        (files(group_data__prod=HEAD + "drain = Drain(deadline=100)\n"), "drain.deadline", "must be at least 140"),
        (files(inventories__prod=INVENTORY + 'app += ["worker-1"]\n'), "worker", "to hosts of worker alone"),
        (files(inventories__prod=INVENTORY.replace("10.0.0.2", "cache.internal")), "cache-1.address", "IP address"),
        (files(group_data__cache=CACHE.replace("key", "other")), "cache.password.location", "must be a readable"),
        (files(", time_limit=4000"), "worker.visibility_timeout", "greater than prefetch * time_limit (4000 seconds)"),
        (files(", soft_time_limit=300"), "worker.soft_time_limit", "less than time_limit (300 seconds)"),
        (files(", queues=['a', 'a']"), "worker.queues", "each queue once"),
        (files(", queues=[]"), "worker.queues", "at least one queue"),
        (files(", queues=['a,b']"), "worker.queues[0]", "a queue's name"),
        (files(", drain_timeout=1501"), "worker.drain_timeout", "from 1 to 1500 (seconds)"),
    ],
)
def test_what_is_wrong_is_said(check: Check, wrong: dict[str, str | None], field: str, said: str) -> None:
    """With the field, and what is allowed."""
    faults = check(wrong)

    assert [field] == [fault["field"] for fault in faults], faults
    assert said in faults[0]["message"]
