"""Apps that a host ran under another name: their units, sockets and settings go once the new one serves."""

from pyinfra import host
from pyinfra.api import deploy

from slackwater.engine import until
from slackwater.settings import resolve

QUESTION = (
    "for folder in /etc/slackwater/*/; do app=$(basename $folder); "
    'case "$app" in "*"|*.*|NAME) ;; *) echo "$app" ;; esac; done'
)
"""An app's settings are what goes last. No app's name holds a dot: drain.d is not one."""


@deploy("former apps")
def former_apps() -> None:
    """Runs after nginx has been pointed to the new app, so no request meets a socket that is gone."""
    if "app" not in host.groups:
        return
    question = QUESTION.replace("NAME", resolve(host.data).require_app().name)
    command = f"# retire former apps\nset -eu\nfor app in $({question}); do slackwater-slots retire $app; done"
    until(name="retire", question=question, answer="", command=command)
