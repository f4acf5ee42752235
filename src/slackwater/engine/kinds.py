"""A host answers an app's requests or carries out its tasks: what it was before ends when the inventory says so."""

from __future__ import annotations

from typing import Literal

from slackwater.engine.operations import until
from slackwater.settings import App

Kind = Literal["app", "worker"]
QUESTIONS: dict[Kind, str] = {
    "app": "[ ! -e /etc/slackwater/NAME/worker ] || echo workers",
    "worker": "[ -e /etc/slackwater/NAME/worker ] || ! ls /etc/slackwater/NAME/*/slot.json >/dev/null 2>&1 || echo app",
}
"""Each prints what the host was, when it was the other."""
COMMANDS: dict[Kind, str] = {
    "app": "# it carried out tasks: they end first, or go back into their queue\nslackwater-slots retire NAME",
    "worker": """# it answered requests: somebody must have taken it out
set -eu
if systemctl list-units --plain --no-legend --state=active,activating,deactivating 'slackwater-NAME@*' | grep -q .; then
  echo "it still answers requests of NAME: take it out with \\`slackwater drain\\`, and converge it then" >&2
  exit 1
fi
slackwater-slots retire NAME""",
}


def becomes(app: App, kind: Kind) -> None:
    """Nothing of the other kind is left: it would go on beside, and nobody would know of it."""
    question, command = (text.replace("NAME", app.name) for text in (QUESTIONS[kind], COMMANDS[kind]))
    until(name="kind", question=question, answer="", command=command)
