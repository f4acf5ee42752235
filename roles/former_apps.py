"""Apps that a host ran under another name: their units, sockets and settings go once the new one serves."""

from pyinfra import host
from pyinfra.api import deploy

from slackwater.engine import until
from slackwater.settings import resolve

QUESTION = (
    "cd /etc/systemd/system && for unit in slackwater-*.service; do app=${unit#slackwater-}; app=${app%.service}; "
    'case "$app" in *@*|"*"|NAME) ;; *) [ ! -d "/etc/slackwater/$app" ] || echo "$app" ;; esac; done'
)


@deploy("former apps")
def former_apps() -> None:
    """Runs after nginx has been pointed to the new app, so no request meets a socket that is gone."""
    name = resolve(host.data).require_app().name
    question = QUESTION.replace("NAME", name)
    command = (
        f'# retire former apps\nset -eu\n({question}) | while read -r app; do slackwater-slots retire "$app"; done'
    )
    until(name="retire", question=question, answer="", command=command)
