"""A drill as a picture: a bar for each instance, coloured by its state, and below it requests a second, as SVG."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from itertools import pairwise

from slackwater.drill.report import Report
from slackwater.drill.timeline import Count

WIDTH, LEFT, RIGHT, TOP = 960, 90, 16, 62
ROW, CHART = 20, 90
STYLE = "text{font:12px system-ui,sans-serif;fill:#333}.t{font-weight:600;font-size:14px}.s{fill:#777;font-size:10px}"
COLOURS = {"Pending": "#9db4d0", "InService": "#3f9b6c", "Terminating": "#e0a23c", "Crashed": "#c8372d"}
"""By how a lifecycle state begins; any other is grey."""
WORDS = {"Pending": "boots", "InService": "serves", "Terminating": "drains", "Crashed": "dead"}
LOST = "#c8372d"


def svg(report: Report) -> str:
    """Standing alone, without scripts or fonts from elsewhere."""
    end = max([phase.ended or phase.began for phase in report.phases] + [1.0])
    rows = list(dict.fromkeys(span.instance for span in report.spans))
    base = TOP + ROW * len(rows) + 14
    height = base + CHART + 36
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}">',
        f'<style>{STYLE}</style><rect width="{WIDTH}" height="{height}" fill="#fff"/>',
        *_head(report),
        *_phases(report, end, base + CHART),
        *_instances(report, rows, end),
        *_requests(report.counts, end, base),
        *_axis(end, base + CHART),
    ]
    return "\n".join([*parts, "</svg>", ""])


def _x(at: float, end: float) -> float:
    return round(LEFT + (WIDTH - LEFT - RIGHT) * at / end, 1)


def _head(report: Report) -> Iterator[str]:
    told = report.requests
    words = f"{told['sent']} requests, {told['lost']} lost, {told['executed_twice']} executed twice"
    if apart := told["lost_with_a_crashed_host"]:
        words += f"; {apart} POSTs died with a crashed host"
    yield f'<text class="t" x="{LEFT}" y="20">{escape(words)}</text>'
    for place, (state, colour) in enumerate(COLOURS.items()):
        x = LEFT + 80 * place
        yield f'<rect x="{x}" y="28" width="10" height="10" fill="{colour}"/>'
        yield f'<text class="s" x="{x + 14}" y="37">{WORDS[state]}</text>'


def _phases(report: Report, end: float, bottom: float) -> Iterator[str]:
    for number, phase in enumerate(report.phases):
        left, right = _x(phase.began, end), _x(phase.ended or end, end)
        if number % 2 == 0:
            size = f'width="{right - left:.1f}" height="{bottom - 44:.1f}"'
            yield f'<rect x="{left}" y="44" {size} fill="#f3f3ef"/>'
        if right - left > len(phase.name) * 5:
            yield f'<text class="s" x="{left + 3}" y="56">{escape(phase.name)}</text>'


def _instances(report: Report, rows: list[str], end: float) -> Iterator[str]:
    for number, instance in enumerate(rows):
        name = report.names.get(instance) or instance
        yield f'<text x="6" y="{TOP + ROW * number + 14}">{escape(name)}</text>'
    for span in report.spans:
        left, right = _x(span.began, end), _x(min(end, end if span.ended is None else span.ended), end)
        y, colour = TOP + ROW * rows.index(span.instance) + 3, COLOURS.get(span.state.partition(":")[0], "#bbb")
        yield (
            f'<rect x="{left}" y="{y}" width="{max(right - left, 1):.1f}" height="{ROW - 6}" fill="{colour}">'
            f"<title>{escape(span.state)}</title></rect>"
        )


def _requests(counts: list[Count], end: float, base: float) -> Iterator[str]:
    rates = [(now.at, (now.sent - last.sent) / (now.at - last.at)) for last, now in pairwise(counts)]
    most = max([rate for _, rate in rates] + [1.0])
    points = " ".join(f"{_x(at, end)},{base + CHART * (1 - rate / most):.1f}" for at, rate in rates)
    yield f'<text x="6" y="{base + 12}">requests/s</text><text class="s" x="6" y="{base + 26}">up to {most:.0f}</text>'
    yield f'<polyline points="{points}" fill="none" stroke="#4a6fa5" stroke-width="1.2"/>'
    for last, now in pairwise(counts):
        if now.lost > last.lost:
            x = _x(now.at, end)
            yield f'<line x1="{x}" x2="{x}" y1="{base}" y2="{base + CHART}" stroke="{LOST}"/>'
            yield f'<text class="s" x="{x + 2}" y="{base + 10}" style="fill:{LOST}">{now.lost - last.lost}</text>'


def _axis(end: float, bottom: float) -> Iterator[str]:
    yield f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{bottom}" y2="{bottom}" stroke="#999"/>'
    step = 30 if end < 400 else 60 if end < 1500 else 600
    for second in range(0, int(end) + 1, step):
        yield f'<text class="s" x="{_x(second, end)}" y="{bottom + 14}">{second} s</text>'
