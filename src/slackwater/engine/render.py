"""Templates: a project's own `templates/` first, then ours; an undefined name is an error, never an empty string."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import ChoiceLoader, Environment, FileSystemLoader, StrictUndefined

from slackwater.resources import resource


@cache
def _environment(project: Path) -> Environment:
    loaders = [FileSystemLoader(project / "templates"), FileSystemLoader(resource("templates"))]
    return Environment(
        loader=ChoiceLoader(loaders),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # noqa: S701  configuration files, not HTML
    )


def render(template: str, **values: Any) -> str:
    """The text of `templates/<template>` with `values`. Raises jinja2.UndefinedError for a name nobody gave."""
    return _environment(Path.cwd()).get_template(template).render(values)
