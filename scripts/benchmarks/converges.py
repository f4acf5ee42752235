"""How long a converge takes, the first and one without a change, and how many commands that is."""

from __future__ import annotations

from statistics import median

from benchmarks.bench import CONVERGE, Bench


def measure(bench: Bench) -> None:
    bench.up(2, 1)
    bench.show("first converge of the demo fleet (2 app, 1 balancer), s", round(bench.timed(*CONVERGE), 1))
    rest = [bench.timed(*CONVERGE) for _ in range(bench.rounds)]
    bench.show("converge without a change, median s", round(median(rest), 1))
    lines = bench.run(*CONVERGE, "-vv").splitlines()
    for host in ("app-1", "balancer-1"):
        count = sum(f"[{host}]" in line and ">>>" in line for line in lines)
        bench.show(f"remote commands of a converge without a change, {host}", count)
