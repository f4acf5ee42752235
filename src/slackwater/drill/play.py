"""A drill from its first host to its report."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass

from rich.console import Console

from slackwater.drill import scenarios
from slackwater.drill.live import View
from slackwater.drill.operator import LAST
from slackwater.drill.report import Report, made
from slackwater.drill.scenarios import Scenario
from slackwater.drill.setting import Sizes, launch, staged
from slackwater.drill.stage import LIMIT, Stage
from slackwater.drill.timeline import watching
from slackwater.errors import SlackwaterError
from slackwater.lab.load import Load

RTT = 0.04
CROWD = 300.0
"""Requests a second of the drill's long form."""
LONG, LONG_MS = 0.002, 20_000
"""The share of requests that take so many milliseconds."""
VISITORS = 4
"""WebSockets that stay."""
ALONE, IN_STORY = Sizes(smallest=2, largest=3, step=1), Sizes(smallest=2, largest=4, step=2)
"""Of the group: one scenario alone has as few hosts as show it."""


@dataclass(frozen=True)
class Wish:
    """`scenario` None is the whole story; `rate` is requests/s; `name` is the lab's."""

    scenario: str | None = None
    times: int = 1
    rate: float = 50.0
    name: str = "drill"

    @property
    def scenarios(self) -> Sequence[Scenario]:
        if self.scenario is None:
            return scenarios.STORY
        return [scenarios.load, *[scenarios.ALL[self.scenario]] * self.times]

    @property
    def sizes(self) -> Sizes:
        return ALONE if self.scenario else IN_STORY

    def load(self, url: str) -> Load:
        """Bounded, also where nobody would ever stop it."""
        seconds = LIMIT * 4 * len(self.scenarios)
        return Load(
            url, self.rate, seconds, keepalive=1.0, rtt=RTT, long=LONG, long_ms=LONG_MS, websockets=VISITORS
        )  # fmt: skip


def long_form(times: int, name: str) -> list[Wish]:
    """So many scale-ins, each after a scale-out, half as many spot interruptions, and the whole story."""
    half = -(-times // 2)
    return [Wish("scale-in", times, CROWD, name), Wish("spot", half, CROWD, name), Wish(name=name)]


def play(wish: Wish, console: Console) -> Report:
    """Whatever is raised on the way, the lab is gone then. A scenario that failed is a fault of the report."""
    view = View(console)
    with ExitStack() as ends:
        ends.enter_context(view.shown())
        stage = view.stage = ends.enter_context(staged(wish.name, wish.sizes, view.say))
        with watching(stage.tick) as stage.watch:
            faults = played(stage, [launch]) or visited(stage, wish)
        if stage.watch:
            faults = faults or [stage.blind]
        else:
            stage.tick()
        report = made(stage, faults)
        view.stage = None
    return report


def visited(stage: Stage, wish: Wish) -> list[str]:
    """Faults of the scenarios, played while people are there."""
    stage.say(f"people come to {stage.url}: {wish.rate:g} requests/s")
    with stage.visited(wish.load(stage.url)):
        faults = played(stage, wish.scenarios)
        for fault in faults:
            stage.say(fault)
    return faults


def played(stage: Stage, scenarios: Sequence[Scenario]) -> list[str]:
    """Faults. What follows on one that failed would tell nothing; whoever interrupts has a right to what is known."""
    for scenario in scenarios:
        try:
            scenario(stage)
        except SlackwaterError as error:
            return [f"{stage.phases[-1].name}: {error}{_log(stage)}"]
        except (KeyboardInterrupt, SystemExit):
            return [f"{stage.phases[-1].name}: interrupted"]
    return []


def _log(stage: Stage) -> str:
    """The last words of the cloud's log, where alone a boot's failure is told, and which goes with the lab."""
    log = stage.operator.folder.parent / "cloud.log"
    said = log.read_text(errors="replace")[-LAST:] if log.exists() else ""
    return f"\nThe cloud's log ends:\n{said}" if said else ""
