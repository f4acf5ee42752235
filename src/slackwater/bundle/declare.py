"""Reads a project's settings as an instance would, and says what it must be told beside them.

`python -m slackwater.bundle.declare PROJECT ENVIRONMENT STAGE GROUP…` writes STAGE/declared.json, or prints every
fault. It is a process of its own: reading settings with pyinfra's code changes the process that does it.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

from slackwater.bundle.instance import DECLARED, VARIABLE
from slackwater.lint.fleet import Fleet, Host
from slackwater.lint.inspection import inspect
from slackwater.lint.loading import Declaration, load
from slackwater.settings import resolve

NEIGHBOURS = ("balancer",)
"""Groups whose addresses a role asks for; they stand in the inventory, which an instance does not have."""
AT_THE_OPERATORS = ("environment", "file")


def declare(project: Path, environment: str, stage: Path, groups: list[str]) -> list[str]:
    """The faults; empty when STAGE is what an instance can start from."""
    fleet, faults = load(Declaration(f"inventories/{environment}.py", (), {}, project))
    if faults:
        return [str(fault) for fault in faults]
    known: dict[str, Any] = {"environment": environment, "app": None, "fleet": _fleet(fleet, project)}
    known["neighbours"] = {group: _addresses(fleet, group) for group in NEIGHBOURS if group not in groups}
    _write(stage, known)
    with NamedTemporaryFile("w", suffix=".json") as told:
        json.dump({"environment": environment, "groups": groups}, told)
        told.flush()
        os.environ[VARIABLE] = told.name
        os.chdir(stage)
        return _as_an_instance(stage, known)


def _as_an_instance(stage: Path, known: dict[str, Any]) -> list[str]:
    declaration = Declaration("inventories/self.py", (), {}, stage)
    if faults := inspect(declaration).faults:
        return [str(fault) for fault in faults]
    (host,) = load(declaration)[0].hosts
    if refused := list(_refusals(host)):
        return refused
    told = resolve(dict(host.data), project=stage)
    known["fleet"] = told.fleet
    if "app" in host.groups:
        app = told.require_app()
        known["app"] = {"name": app.name, "port": app.port, "tls": app.nginx.tls is not None}
    elif "worker" in host.groups:
        known["worker"] = told.require_app().name
    _write(stage, known)
    return []


def _refusals(host: Host) -> Iterator[str]:
    """What stays on the operator's machine, and would be missed only on the instance."""
    told = resolve({name: value for name, value in host.data.items() if name != "env_file"})
    if host.data.get("env_file"):
        yield _fault(host, "env_file", "must not be set for instances that provision themselves: it would have to go "
                     "into the bundle; use App.environment, and Secret.ssm(…) for what is secret")  # fmt: skip
    if told.store.kind == "directory":
        yield _fault(host, "store", "must be Store.s3(…): an instance cannot read a directory of your machine")
    for name, secret in sorted(host.app.secrets.items() if host.app else ()):
        if secret.kind in AT_THE_OPERATORS:
            text = f"secret {name} must be one that an instance can read, such as Secret.ssm(…)"
            yield f"{text}: Secret.{secret.kind}(…) is read on your machine"
    tls = host.app.nginx.tls if host.app and "app" in host.groups else None
    if tls and tls.kind == "files":
        yield _fault(host, "app", "nginx.tls must not be made of files of your machine: a bundle carries no keys")


def _fault(host: Host, name: str, allowed: str) -> str:
    return str(host.fault(name, None, allowed))


def _fleet(fleet: Fleet, project: Path) -> str | None:
    """As the pushed run has it; group data say it where no host does."""
    names = {resolve(dict(host.data), project=project).fleet for host in (*fleet.of("app"), *fleet.of("worker"))}
    return names.pop() if len(names) == 1 else None


def _addresses(fleet: Fleet, group: str) -> list[str]:
    hosts: Iterable[Host] = sorted(fleet.of(group), key=lambda host: host.name)
    return [str(host.data.get("address") or host.data.get("ssh_hostname") or host.name) for host in hosts]


def _write(stage: Path, known: dict[str, Any]) -> None:
    (stage / DECLARED).write_text(json.dumps(known, indent=2, sort_keys=True) + "\n")


def main() -> None:
    project, environment, stage, *groups = sys.argv[1:]
    faults = declare(Path(project), environment, Path(stage), groups)
    sys.exit("\n".join(faults) if faults else 0)


if __name__ == "__main__":
    main()
