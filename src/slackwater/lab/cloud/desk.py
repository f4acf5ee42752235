"""Levers of a cloud in another process: POST /slackwater/LEVER with a JSON object of its arguments."""

from __future__ import annotations

import json
from typing import Any

import requests

from slackwater.errors import LabError
from slackwater.lab.cloud.errors import AwsError
from slackwater.lab.cloud.wire.answer import Answer

PATH = "/slackwater/"
LEVERS = ("interrupt", "recommend_rebalance", "crash")
LIMIT = 30.0
"""Seconds; a cloud that carries out a request holds the others up."""


def answer(levers: Any, environ: dict[str, Any]) -> Answer:
    """404 for a lever that there is not, 400 for arguments that it does not take."""
    name = environ["PATH_INFO"].removeprefix(PATH)
    if name not in LEVERS or environ["REQUEST_METHOD"] != "POST":
        return _said(404, f"no lever {name!r}: there are {', '.join(LEVERS)}")
    try:
        getattr(levers, name)(**json.loads(environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))))
    except AwsError as error:
        return _said(400, error.message)
    except (TypeError, ValueError) as error:
        return _said(400, str(error))
    return _said(200, "")


def pull(endpoint: str, lever: str, **arguments: Any) -> None:
    """Raises LabError with what the cloud says against it."""
    with requests.Session() as session:
        session.trust_env = False  # it is on this machine, and no proxy leads there
        try:
            said = session.post(endpoint + PATH + lever, json=arguments, timeout=LIMIT)
        except requests.RequestException as error:
            raise LabError(f"the lab's cloud at {endpoint} does not answer: {error}") from error
    if not said.ok:
        raise LabError(f"the lab's cloud: {said.text}")


def _said(status: int, text: str) -> Answer:
    return Answer(status, text.encode(), [("Content-Type", "text/plain")])
