"""What a drill shows while it runs, on standard error: a picture that changes in a terminal, else a line an event."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from slackwater.drill.stage import Stage

COLOURS = {"Pending": "cyan", "InService": "green", "Terminating": "yellow", "Crashed": "red"}
LINES = 12


class View:
    """`say` takes a line from any thread; `stage` is drawn once there is one."""

    def __init__(self, console: Console) -> None:
        self.console, self.began = console, time.monotonic()
        self.stage: Stage | None = None
        self._last: deque[str] = deque(maxlen=LINES)

    def say(self, text: str) -> None:
        line = f"{time.monotonic() - self.began:7.1f}  {text}"
        self._last.append(line)
        if not self.console.is_terminal:
            self.console.print(Text(line), soft_wrap=True)

    @contextmanager
    def shown(self) -> Iterator[None]:
        """The last lines stay on the terminal."""
        if not self.console.is_terminal:
            yield
            return
        with Live(get_renderable=self.render, console=self.console, refresh_per_second=4):
            yield

    def render(self) -> Group:
        lines = Text("\n".join(self._last))
        return Group(lines, *self._drawn(self.stage)) if self.stage else Group(lines)

    def _drawn(self, stage: Stage) -> Iterator[Table | Text]:
        table = Table(box=None, pad_edge=False)
        for instance, state in stage.shown().items():
            colour = COLOURS.get(state.partition(":")[0], "white")
            name, answers = stage.name(instance) or instance, stage.answered(instance).count
            table.add_row(Text(name), Text(state, style=colour), Text(f"{answers} answers"))
        yield table
        result = stage.result
        lost = sum(result.lost.values())
        sent = f"{sum(result.sent.values())} requests sent, {lost} lost, {result.websockets.cut} WebSockets cut"
        yield Text(f"{stage.phases[-1].name if stage.phases else ''}: {sent}", style="red" if lost else "green")
