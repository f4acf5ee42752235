"""Where the files that are not Python live: beside src/ in a checkout, inside the package in a wheel."""

from __future__ import annotations

from pathlib import Path

PACKAGE = Path(__file__).resolve().parent


def resource(name: str) -> Path:
    """The file or directory `name` ("templates", "requirements/server.txt").

    Raises FileNotFoundError, with both places looked at: a package that was built without it must not half work.
    """
    places = (PACKAGE / name, PACKAGE.parents[1] / name)
    for place in places:
        if place.exists():
            return place
    raise FileNotFoundError(f"{name} is neither at {places[0]} nor at {places[1]}: the package is incomplete")
