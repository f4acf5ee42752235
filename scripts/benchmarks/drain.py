"""Scale-ins under load with the agent, without it, and with a script that stops the app at once; the agent's cost."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from functools import partial
from statistics import median

from rich.console import Console

from benchmarks.bench import Bench, CommandError, Row, checked
from slackwater.drill.declared import GROUP
from slackwater.drill.play import ALONE, LONG, LONG_MS, RTT, Wish, long_form, play
from slackwater.drill.report import longest_waits
from slackwater.drill.scenarios import BLIND, scale_in, scale_out
from slackwater.drill.setting import launch, staged
from slackwater.drill.signals import ended_in_order
from slackwater.drill.stage import Stage
from slackwater.drill.timeline import watching
from slackwater.lab.load import Load
from slackwater.settings.scaling import TerminateHook

RATE = 100
"""Requests a second, of which the one that leaves has a third; hosts boot meanwhile, on the same processors."""
SECONDS = 6 * 3600
"""The load is stopped long before; this bounds it."""
IDLE = 60
"""Seconds in which the agents of hosts that stay are looked at; processor time is told in hundredths."""
AGENT = "slackwater-drain.service"
PID = f"$(systemctl show -P MainPID {AGENT})"
COLUMNS = ("way", "lost", "lost POST", "sent", "drained in", "after its last answer")
SCRIPT = """#!/bin/bash
# Told by metadata that the instance leaves, it stops the app at once and lets the group go on.
imds() {
  token=$(curl -sf -X PUT -H 'X-aws-ec2-metadata-token-ttl-seconds: 60' http://169.254.169.254/latest/api/token)
  curl -sf -H "X-aws-ec2-metadata-token: $token" "http://169.254.169.254/latest/meta-data/$1"
}
until [ "$(imds autoscaling/target-lifecycle-state)" = Terminated ]; do sleep 2; done
systemctl stop 'slackwater-shop@*.socket' 'slackwater-shop@*.service'
about="Version=2011-01-01&AutoScalingGroupName=%(group)s&InstanceId=$(imds instance-id)"
curl -s --noproxy '*' %(endpoint)s \\
  -d "Action=CompleteLifecycleAction&LifecycleHookName=%(hook)s&LifecycleActionResult=CONTINUE&$about" \\
  -H 'Authorization: AWS4-HMAC-SHA256 \
Credential=lab/20260101/eu-central-1/autoscaling/aws4_request, SignedHeaders=host, Signature=0'
"""
"""As a daemon like lifecycled runs it: a handler, then the group's hook is completed."""


def measure(bench: Bench) -> None:
    """Round by round, each of which begins with another way, on one fleet and under one load."""
    bench.down()
    rows: list[Row] = []
    with staged(bench.lab_name, ALONE, partial(print, file=sys.stderr)) as stage, watching(stage.tick):
        launch(stage)
        load = Load(stage.url, RATE, SECONDS, keepalive=1.0, rtt=RTT, long=LONG, long_ms=LONG_MS)
        with stage.visited(load):
            for number in range(bench.rounds):
                rows += [_leave(bench, stage, way) for way in _rotated(list(WAYS), number)]
        for row in _agents(stage):
            bench.show("the agent of a host that serves", row)
        _summary(bench, stage, rows)
    for wish in long_form(bench.long, bench.lab_name) if bench.long else ():
        _drill(bench, wish)


def _drill(bench: Bench, wish: Wish) -> None:
    """The first that is not good is the last: it may have been interrupted."""
    with ended_in_order():
        report = play(wish, Console(stderr=True))
    what = f"drill: {wish.scenario or 'the whole story'}, {wish.times} times, {wish.rate:g} requests/s"
    bench.show(what, {"requests": report.requests, "faults": report.faults})
    if not report.is_good:
        raise CommandError(f"{what}: it was not good")


def _leave(bench: Bench, stage: Stage, way: str) -> Row:
    """One instance comes, the hosts are made ready for the way, and one of them leaves: people may yet wait for it."""
    scale_out(stage)
    begin, end = WAYS[way]
    _everywhere(stage, begin)
    with stage.phase(way) as phase:
        scale_in(stage)
        time.sleep(BLIND)
    _everywhere(stage, end)
    posts = sum(number for kind, number in phase.lost.items() if kind.startswith("POST"))
    row = {"way": way, "lost": sum(phase.lost.values()), "lost POST": posts, "sent": phase.sent}
    row |= {name: value[0] for name, value in stage.phases[-1].figures.items()}
    bench.show(f"one leaves, {way}", row)
    return row


def _everywhere(stage: Stage, act: Callable[[Stage, str], None]) -> None:
    for instance in stage.serving():
        act(stage, instance)


def _nothing(stage: Stage, instance: str) -> None:
    """The agent is there anyway."""


def _on(command: str, stage: Stage, instance: str) -> None:
    checked(f"{instance}: {command}", stage.host(instance).ssh(command))


def _script(stage: Stage, instance: str) -> None:
    """In the place of the agent."""
    told = SCRIPT % {"group": GROUP, "hook": TerminateHook().name, "endpoint": stage.cloud.url}
    _on(f"systemctl stop {AGENT}", stage, instance)
    checked("the script", stage.host(instance).ssh("cat > /run/leave; chmod 755 /run/leave", input=told))
    _on("systemd-run --quiet --unit=leave --property=DefaultDependencies=no /run/leave", stage, instance)


AGENTS = "slackwater's agent"
WAYS: dict[str, tuple[Callable[[Stage, str], None], Callable[[Stage, str], None]]] = {
    AGENTS: (_nothing, _nothing),
    "no agent": (partial(_on, f"systemctl stop {AGENT}"), partial(_on, f"systemctl start {AGENT}")),
    "a script: TERM at once": (_script, partial(_on, f"systemctl stop leave; systemctl start {AGENT}")),
}
"""What is done on each host before one leaves, and on those that stayed."""


def _agents(stage: Stage) -> list[Row]:
    """Resident memory in MB, and the share of one processor over some idle seconds, in percent."""
    before = {instance: _ticks(stage, instance) for instance in stage.serving()}
    time.sleep(IDLE)
    shares = {instance: (_ticks(stage, instance) - ticks) / IDLE for instance, ticks in before.items()}
    return [
        {"MB": round(_resident(stage, instance) / 1000, 1), "% of a processor": round(share, 2)}
        for instance, share in shares.items()
    ]


def _ticks(stage: Stage, instance: str) -> int:
    """Hundredths of a second of processor time."""
    return sum(map(int, _said(stage, instance, f"cut -d' ' -f14,15 /proc/{PID}/stat").split()))


def _resident(stage: Stage, instance: str) -> int:
    """In kB."""
    return int(_said(stage, instance, f"awk '/^VmRSS/ {{print $2}}' /proc/{PID}/status"))


def _said(stage: Stage, instance: str, command: str) -> str:
    return checked(f"{instance}: {command}", stage.host(instance).ssh(command)).stdout.strip()


def _rotated(names: list[str], by: int) -> list[str]:
    return [*names[by % len(names) :], *names[: by % len(names)]]


def _summary(bench: Bench, stage: Stage, rows: list[Row]) -> None:
    first = [each for phase in stage.phases for each in phase.figures.get("launch to first answer", ())]
    bench.show("launch to first answer, median, s", median(first))
    for way in WAYS:
        own = [row for row in rows if row["way"] == way]
        if not own:
            raise CommandError(f"{way}: not measured")
        bench.show(f"lost, {way}", [row["lost"] for row in own])
        bench.show(f"after its last answer, {way}, median, s", median(row["after its last answer"] for row in own))
    for wait in longest_waits(stage):
        bench.show("waited beyond what was asked for", wait)
    bench.show("what nobody planned", stage.faults)
    bench.table(COLUMNS, rows)
