"""The page of the drain's faults has each row of the matrix, and no other."""

from __future__ import annotations

import re

from tests.hosts.drain.rows import table
from tests.test_house import HOUSE


def test_each_row_of_the_matrix_is_on_its_page() -> None:
    """In the order of the table, once; what was measured stands beside it."""
    lines = (HOUSE / "docs/drain-faults.md").read_text().splitlines()
    named = [found[1] for line in lines if (found := re.match(r"\| ([^|]+?) \| [^|]+ \| [^|]+ \|$", line))]

    assert [row.name for row in table()] == [name for name in named if name not in {"fault, cause", "---"}]


def test_a_daily_run_has_a_tenth_of_the_matrix() -> None:
    """At least; and names tell the rows apart."""
    rows = table()

    assert 40 <= len(rows) == len({row.name for row in rows})
    assert len(rows) / 10 <= sum(row.daily for row in rows)
