"""How much of the machine's memory is used: what the kernel calls available is not."""

from __future__ import annotations

from pathlib import Path

TABLE = Path("/proc/meminfo")


def used_percent(table: Path = TABLE) -> float:
    """Of all memory; caches that the kernel would give up count as free."""
    rows = (line.split() for line in table.read_text().splitlines())
    values = {row[0].rstrip(":"): int(row[1]) for row in rows if len(row) > 1}
    return 100.0 * (1 - values["MemAvailable"] / values["MemTotal"])
