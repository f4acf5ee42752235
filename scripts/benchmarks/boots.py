"""How long hosts take to boot, one alone and six at once."""

from __future__ import annotations

from statistics import median

from benchmarks.bench import Bench


def measure(bench: Bench) -> None:
    bench.up(1, 0)  # makes the image, which is not what is measured
    for hosts in (1, 6):
        seconds = [_boot(bench, hosts) for _ in range(bench.rounds)]
        bench.show(
            f"lab up, {hosts} host(s), until all answer ssh and have booted, median s", round(median(seconds), 1)
        )
    bench.down()


def _boot(bench: Bench, hosts: int) -> float:
    bench.down()
    return bench.timed("slackwater", "lab", "up", "--app", str(hosts), "--balancer", "0")
