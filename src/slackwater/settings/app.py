"""App: what is deployed, and how it is reached."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Annotated, get_args

from pydantic import AfterValidator, InstanceOf

from slackwater.settings._base import Settings
from slackwater.settings._faults import Fault
from slackwater.settings._fields import AS_TUPLE, choice, matching, part, switch, text, whole
from slackwater.settings._names import RESERVED_VARIABLES, SYSTEM_NAMES, reserved_variable
from slackwater.settings._ports import port_conflicts
from slackwater.settings.health import Health
from slackwater.settings.nginx import Nginx
from slackwater.settings.secret import Secret
from slackwater.settings.server import Interface, Server
from slackwater.settings.source import Source
from slackwater.settings.static import Static

VARIABLE = "a variable's name: letters, digits and _, not beginning with a digit"
Variable = Annotated[str, AfterValidator(matching(r"[A-Za-z_][A-Za-z0-9_]*", VARIABLE))]
Value = Annotated[str, AfterValidator(matching(r"[^\n\r\0]*", "one line of text; longer values are secrets in files"))]
ABSOLUTE = "an absolute path such as '/srv/media', made of letters, digits and any of . _ - /"
Absolute = Annotated[str, AfterValidator(matching(r"/[A-Za-z0-9._/-]*", ABSOLUTE))]

SYSTEM_DIRECTORIES = {"/", "/bin", "/boot", "/dev", "/etc", "/lib", "/proc", "/root", "/run", "/sbin", "/sys", "/usr"}
ENTRYPOINT = r"^[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*(\.[A-Za-z_]\w*)*(\(\))?$"
NAME_ALLOWED = "a lower-case letter, then up to 30 lower-case letters, digits, '_' or '-'"
COMMAND = r"^[^\n\r\x00]*[^\s\x00][^\n\r\x00]*$"
COMMAND_ALLOWED = "one line for /bin/sh, such as 'python manage.py migrate'"


class App(Settings):
    """One app; a host runs one."""

    name: str = text(
        ..., "Names units, users and paths.", pattern=r"^[a-z][a-z0-9_-]{0,30}$", allowed=NAME_ALLOWED, example="shop"
    )
    interface: Interface = choice("asgi", "What the app speaks.", get_args(Interface))
    entrypoint: str = text(
        ...,
        "The module and the attribute that gunicorn imports.",
        pattern=ENTRYPOINT,
        allowed="a module and its attribute, such as 'shop.main:app' or 'shop:create_app()'",
        example="shop.main:app",
    )
    source: InstanceOf[Source] = text(
        ...,
        "Where the code comes from.",
        allowed="Source.directory(…), Source.archive(…) or Source.requirement(…)",
        example=Source(kind="directory", path="examples/shop"),
    )
    server: InstanceOf[Server] | None = text(
        None, "gunicorn; None takes `server` of the group data.", allowed="Server(…)"
    )
    health: InstanceOf[Health] = part(Health, "How the app is asked whether it can serve.", allowed="Health(…)")
    environment: dict[Variable, Value] = part(
        dict, "Variables of the app.", allowed="a dictionary of text, such as {'GREETING': 'hello'}"
    )
    secrets: dict[Variable, InstanceOf[Secret]] = part(
        dict,
        "Variables whose values stay out of the repository.",
        allowed="Secret.ssm(…), Secret.secrets_manager(…), Secret.environment(…) or Secret.file(…)",
    )
    static: Annotated[tuple[InstanceOf[Static], ...], AS_TUPLE] = text(
        (), "Directories that nginx serves itself.", allowed="a list of Static(…)"
    )
    nginx: InstanceOf[Nginx] = part(Nginx, "The web server on the app's VM.", allowed="Nginx(…)")
    port: int = whole(8000, "Where nginx listens on the app's VM.", least=1, most=65535)
    aws: bool = switch(False, "Let the app reach the metadata address 169.254.169.254 and so the VM's role.")
    writable: Annotated[tuple[Absolute, ...], AS_TUPLE] = text(
        (), "Paths the app may write besides its state directory.", allowed=f"a list of paths, each {ABSOLUTE}"
    )
    before_release: str | None = text(
        None,
        "A command, once a fleet, before a release goes live on its first host; migrations. It runs in the release's "
        "directory as the app's user, with the app's environment, secrets and programs.",
        pattern=COMMAND,
        allowed=COMMAND_ALLOWED,
    )
    after_release: str | None = text(
        None, "The same, once the release is live everywhere.", pattern=COMMAND, allowed=COMMAND_ALLOWED
    )
    hook_timeout: int = whole(600, "How long each of the two may take; then it is ended.", unit="seconds", least=1)
    python: str | None = text(
        None,
        "The Python to run on; one that the distribution lacks is fetched. None is the distribution's own.",
        pattern=r"^3\.1[0-9]$",
        allowed="a version such as '3.12'",
    )

    def conflicts(self) -> Iterator[Fault]:
        if self.name in SYSTEM_NAMES:
            yield self.fault("name", f"is a unit or user of the system itself; choose another name: {NAME_ALLOWED}")
        yield from port_conflicts(self, self.port)
        yield from self._variable_conflicts()
        yield from self._path_conflicts()
        yield from self.server.interface_conflicts(self.interface) if self.server else ()

    def _variable_conflicts(self) -> Iterator[Fault]:
        for field in ("environment", "secrets"):
            for name in filter(RESERVED_VARIABLES.fullmatch, getattr(self, field)):
                yield self.fault((field, name), reserved_variable(name))
        for name in self.environment.keys() & self.secrets.keys():
            yield self.fault(("environment", name), "must not also be in secrets: one of the two would silently win")

    def _path_conflicts(self) -> Iterator[Fault]:
        for number, path in enumerate(self.writable):
            if ".." in path or str(PurePosixPath(path)) in SYSTEM_DIRECTORIES:
                yield self.fault(
                    ("writable", number), f"must be {ABSOLUTE}, without '..', and no directory of the system"
                )
        seen: set[str] = set()
        for static in self.static:
            if static.url in seen:
                yield static.fault("url", "must differ from the other static urls: nginx serves each once")
            seen.add(static.url)
