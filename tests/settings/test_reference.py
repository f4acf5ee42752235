"""docs/settings.md is written from the fields."""

from __future__ import annotations

import re
from pathlib import Path

import slackwater
from slackwater import App
from slackwater.settings import reference

DOCUMENT = Path(__file__).parents[2] / "docs/settings.md"
BLOCK = re.compile(r"```python\n(.*?)```", re.DOTALL)
PUBLIC = {name: getattr(slackwater, name) for name in slackwater.__all__}


def test_the_reference_is_up_to_date() -> None:
    """`python -m slackwater.settings.reference > docs/settings.md` writes it."""
    assert DOCUMENT.read_text(encoding="utf-8") == reference.reference()


def test_every_example_is_valid() -> None:
    """What is copied from it works."""
    names: dict[str, object] = {}
    for block in BLOCK.findall(reference.reference()):
        exec(block, dict(PUBLIC), names)

    written = {name.replace("_", "") for name in names} - {"otherpolicy"}

    assert {kind.lower() for kind in slackwater.__all__} == written
    assert isinstance(names["app"], App)


def test_every_setting_is_in_it() -> None:
    """With a comment above it."""
    text = reference.reference()
    missing = [
        f"{kind.__name__}.{field}"
        for kind in reference.TYPES
        for field in kind.model_fields
        if not re.search(rf"    # .*\n    {field}=", text)
    ]

    assert [] == missing
