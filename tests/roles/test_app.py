"""The role app: the order of its steps, and what makes a new slot."""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from roles.app import app as app_role
from slackwater import App, Health, Secret, Server, Store
from slackwater.engine import Machine, slot
from slackwater.engine.values import File
from slackwater.resources import resource
from slackwater.settings import resolve
from tests.roles.bare import Bare

MACHINE = Machine("debian", "12", "bookworm", "app-1", "3.11", cores=2, memory=4096, time_daemon="")


def slot_of(app: App, **data: Any) -> Any:
    return slot(resolve({"app": app, **data}), MACHINE, "r1")


def file_of(app: App, ending: str, **data: Any) -> str:
    items = [item for item in slot_of(app, **data).items if isinstance(item, File) and item.path.endswith(ending)]
    assert 1 == len(items)
    return items[0].content


def test_a_bare_host_gets_the_app_in_order(run_role: Any, shop: App, tmp_path: Any) -> None:
    """User, places, release, slot, switch, boot unit, pointer: nothing is switched to before it is whole."""
    done = run_role(app_role, groups=("app",), data={"app": shop, "store": Store.directory(str(tmp_path / "store"))})
    begins = [
        "groupadd -f -r sw-shop && useradd",
        "# write /srv/slackwater /etc/slackwater",
        "upload /srv/slackwater/shop/incoming/src-",
        "slackwater-slots install shop src-",
        "# write /etc/tmpfiles.d/slackwater-shop.conf",
        "slackwater-slots switch shop src-",
        "set -eu\nsystemctl enable --quiet slackwater-shop.service",
        "slackwater-slots settle shop --proved src-",
    ]

    assert begins == [command[: len(begin)] for command, begin in zip(done.executed_commands, begins, strict=True)]


@pytest.mark.parametrize(
    "change",
    [
        {"server": Server(workers=3)},
        {"environment": "development"},
        {"app": {"environment": {"GREETING": "other"}}},
        {"app": {"health": Health(ready="/ready")}},
        {"app": {"aws": True}},
        {"app": {"before_release": "python manage.py migrate"}},
        {"server": Server(websocket_spread=2)},
        {"server": Server(memory_max=512)},
    ],
    ids=lambda change: str(sorted(change)),
)
def test_every_changed_setting_is_another_slot(shop: App, change: dict[str, Any]) -> None:
    """What serves is never changed under its feet: a slot's name covers all of its rendered files."""
    changed = shop.model_copy(update=change.pop("app")) if "app" in change else shop

    assert slot_of(shop).name != slot_of(changed, **change).name


def test_a_changed_secret_is_another_slot_and_stays_hidden(shop: App, monkeypatch: pytest.MonkeyPatch) -> None:
    """The value stands in one file of root's, mode 600, and in no other."""
    monkeypatch.setenv("THE_KEY", "hunter2")
    app = shop.model_copy(update={"secrets": {"API_KEY": Secret.environment("THE_KEY")}})
    first = slot_of(app)
    monkeypatch.setenv("THE_KEY", "hunter3")
    second = slot_of(app)
    holding = [item for item in first.items if isinstance(item, File) and "hunter2" in item.content]

    assert first.name != second.name
    assert [("600", "root")] == [(item.mode, item.owner) for item in holding]
    assert holding[0].path.endswith(f"{first.name}/secrets/API_KEY")


RESOLVED = "/shop/prod/database-url"


@pytest.fixture
def cloudy(shop: App) -> App:
    return shop.model_copy(update={"secrets": {"DATABASE_URL": Secret.ssm(RESOLVED)}})


def test_a_secret_of_aws_is_a_name_in_the_slot_and_a_credential_of_its_unit(cloudy: App) -> None:
    """The operator's machine never has the value: the host makes the file before the slot starts."""
    made = slot(resolve({"app": cloudy}), MACHINE, "r1", {"DATABASE_URL": "7@1700000000"})
    files = {item.path.rpartition("/")[2]: item for item in made.items if isinstance(item, File)}
    folder = f"/etc/slackwater/shop/{made.name}"
    unit = files[f"slackwater-shop@{made.name}.service"].content

    assert RESOLVED == json.loads(files["secrets.json"].content)["DATABASE_URL"]["location"]
    assert ("600", "root") == (files["secrets.json"].mode, files["secrets.json"].owner)
    assert f"LoadCredential=DATABASE_URL:{folder}/secrets/DATABASE_URL\n" in unit
    assert "DATABASE_URL" not in files


def test_another_version_of_a_secret_of_aws_is_another_slot(cloudy: App) -> None:
    """A converge after the value was replaced brings it to the app without a restart of what serves."""
    names = {
        slot(resolve({"app": cloudy}), MACHINE, "r1", {"DATABASE_URL": seen}).name for seen in ("7@1", "7@1", "8@2")
    }

    assert 2 == len(names)


def test_a_host_is_asked_which_versions_it_sees(run_role: Any, cloudy: App, tmp_path: Path) -> None:
    """By its own role, with code that is sent along; what it answers is in the slot that it gets."""
    bare = Bare(lines={"RESOLVE": [json.dumps({"versions": {"DATABASE_URL": "7@1"}})]})
    done = run_role(app_role, groups=("app",), data=data_of(cloudy, tmp_path), bare=bare)
    written = next(command for command in done.executed_commands if "/secrets.json" in command)

    assert "slackwater-slots switch shop src-" in "\n".join(done.executed_commands)
    assert RESOLVED not in written


def test_a_host_that_cannot_resolve_is_refused_with_its_own_sentence(
    run_role: Any, cloudy: App, tmp_path: Path
) -> None:
    """Before anything of the app was changed there."""
    fault = "SSM parameter /shop/prod/database-url in eu-central-1: the role shop may not read it"
    bare = Bare(lines={"RESOLVE": [json.dumps({"fault": fault})]})
    done = run_role(app_role, groups=("app",), data=data_of(cloudy, tmp_path), bare=bare)

    assert [f"echo '@fake/me: {fault}' >&2; exit 1"] == done.executed_commands


def data_of(app: App, tmp_path: Path) -> dict[str, Any]:
    return {"app": app, "store": Store.directory(str(tmp_path / "store"))}


def test_the_same_settings_are_the_same_slot(shop: App) -> None:
    """Two runs, and two hosts of one size, agree on the name."""
    assert slot_of(shop) == slot_of(shop)


@pytest.mark.parametrize(
    "line",
    [
        "KillMode=mixed",
        "OOMPolicy=continue",
        "Restart=always",
        "TimeoutStopSec=45",
        "MemoryMax=1920M",
        "IPAddressDeny=169.254.169.254 fd00:ec2::254",
        "Requires=slackwater-shop@{slot}.socket",
        "User=sw-shop",
    ],
)
def test_the_unit_says(shop: App, line: str) -> None:
    """Quick restart, room to finish, one worker's death is not the app's, no way to the machine's AWS identity."""
    assert line.format(slot=slot_of(shop).name) in file_of(shop, ".service").splitlines()


def test_an_app_that_asks_for_aws_may_reach_the_metadata(shop: App) -> None:
    """Only then is the address not denied."""
    assert "IPAddressDeny" not in file_of(shop.model_copy(update={"aws": True}), ".service")


@pytest.mark.parametrize(
    ("interface", "server", "expected"),
    [
        ("asgi", Server(), 'worker_class = "slackwater_serving.UvicornWorker"'),
        ("asgi", Server(worker_class="asgi"), 'worker_class = "asgi"'),
        ("wsgi", Server(threads=8), 'worker_class = "gthread"'),
        ("wsgi", Server(threads=8), "threads = 8"),
        ("asgi", Server(workers=7), "workers = 7"),
        ("asgi", Server(), "workers = 5"),
        ("asgi", Server(), "keepalive = 75"),
        ("asgi", Server(), "graceful_timeout = 30"),
        ("asgi", Server(max_requests=1000), "max_requests_jitter = 50"),
        ("asgi", Server(preload=True), "preload_app = True"),
        ("asgi", Server(backlog=100, worker_connections=200), "worker_connections = 200"),
    ],
)
def test_gunicorn_is_told(shop: App, interface: str, server: Server, expected: str) -> None:
    """Each setting of Server reaches gunicorn's file, which is Python that compiles."""
    app = shop.model_copy(update={"interface": interface})
    text = file_of(app, "gunicorn.conf.py", server=server)
    compile(text, "gunicorn.conf.py", "exec")

    assert expected in text.splitlines()


def verify(tmp_path: Path, files: list[File]) -> str:
    """What systemd says of the units, beside stand-ins for the programs they start; empty when all is well."""
    folder = tmp_path / "units"
    folder.mkdir()
    for file in files:
        text = re.sub(r"^ExecStart=\S+", "ExecStart=/bin/true", file.content, flags=re.MULTILINE)
        (folder / file.path.rpartition("/")[2]).write_text(text)
    units = [str(path) for path in folder.iterdir()]
    words = ["systemd-analyze", "verify", "--man=no", "--recursive-errors=no", *units]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    return "" if done.returncode == 0 else done.stderr


HOOKED = {"before_release": "python manage.py migrate && echo \"$GREETING\" '100%'", "hook_timeout": 900}


def test_a_hook_is_a_unit_of_the_slot(shop: App) -> None:
    """With its own time, and its command as it was written, which a unit's own quoting would change."""
    app = shop.model_copy(update=HOOKED)
    name = slot_of(app).name
    unit = file_of(app, f"/slackwater-shop.before_release@{name}.service").splitlines()

    assert HOOKED["before_release"] == file_of(app, f"/etc/slackwater/shop/{name}/before_release")
    assert "TimeoutStartSec=900" in unit
    assert "Type=oneshot" in unit
    assert not [item for item in slot_of(app).items if "after_release" in item.path]


def test_a_hook_has_the_apps_sandbox(shop: App) -> None:
    """Every line about user, environment, secrets and what is forbidden, and no other; it never starts by itself."""
    app = shop.model_copy(update=HOOKED | {"secrets": {"KEY": Secret.file(__file__)}})
    name = slot_of(app).name
    hook = file_of(app, f"shop.before_release@{name}.service").splitlines()
    service = file_of(app, f"shop@{name}.service").splitlines()
    shared = hook[hook.index("User=sw-shop") :]

    assert shared == service[service.index("User=sw-shop") :]
    assert f"LoadCredential=KEY:/etc/slackwater/shop/{name}/secrets/KEY" in shared
    assert "SystemCallFilter=@system-service" in shared
    assert "[Install]" not in hook


def test_systemd_understands_a_slots_units(shop: App, tmp_path: Path) -> None:
    """Service, socket and both hooks, by systemd's own check, which refuses the names of some."""
    app = shop.model_copy(update=HOOKED | {"after_release": "true", "aws": True})
    files = [item for item in slot_of(app).items if isinstance(item, File) and "/systemd/" in item.path]

    assert 4 == len(files)
    assert "" == verify(tmp_path, files)


def test_the_slot_knows_how_it_is_proved_and_asked(shop: App) -> None:
    """One answer more than it has workers: an app that is ready once a worker does not pass."""
    app = shop.model_copy(update={"health": Health(live="/live", ready="/ready")})
    few, many = (json.loads(file_of(app, "slot.json", server=Server(workers=count))) for count in (2, 9))

    assert (5, 10) == (few["proofs"], many["proofs"])
    assert ("/live", "/ready", 600) == (few["live"], few["ready"], few["hook_timeout"])


def test_websockets_end_by_a_worker_of_our_own(shop: App) -> None:
    """Its file is part of the slot; only uvicorn's worker can."""
    server = Server(websocket_spread=8)
    folder = f"/etc/slackwater/shop/{slot_of(shop, server=server).name}"
    other = slot_of(shop, server=Server(worker_class="asgi"))

    assert resource("serving.py").read_text() == file_of(shop, "/slackwater_serving.py", server=server)
    assert f'sys.path.append("{folder}")' in file_of(shop, "gunicorn.conf.py", server=server).splitlines()
    assert "Environment=SLACKWATER_WEBSOCKET_SPREAD=8" in file_of(shop, ".service", server=server).splitlines()
    assert not [item for item in other.items if "serving" in item.path]
    assert "SPREAD" not in file_of(shop, ".service", server=Server(worker_class="asgi"))


def test_long_names_keep_within_what_linux_takes(shop: App) -> None:
    """A user's name has 32 characters at most, a unix socket's path 107."""
    name = "a" * 31
    app = shop.model_copy(update={"name": name})
    path = f"/run/slackwater/{name}/{slot(resolve({'app': app}), MACHINE, 'src-0123456789ab').name}.sock"

    assert len(os.fsencode(path)) <= 107
    assert "User=" + f"sw-{name}"[:32] in file_of(app, ".service").splitlines()
