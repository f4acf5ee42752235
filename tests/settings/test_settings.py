"""What all settings have in common: frozen, strict, named faults, masked secrets."""

from __future__ import annotations

import copy
from pathlib import Path

import pytest

from slackwater import App, Balancer, Secret, Server, Source, Store
from slackwater.errors import SettingsError
from slackwater.settings import HostSettings, collecting, resolve

LINE_OF_WORKERS = Path(__file__).read_text().splitlines().index("            workers=-1,") + 1
SHOP = App(name="shop", entrypoint="shop.main:app", source=Source.directory("examples/shop"))


def test_a_bad_object_raises_with_all_its_faults() -> None:
    """It is a ValueError, and each fault stands on its own line with the line of its setting."""
    with pytest.raises(ValueError) as caught:
        Server(
            workers=-1,
            threads=0,
        )

    places, faults = zip(*(line.split(": ", 1) for line in str(caught.value).splitlines()), strict=True)

    assert (
        "server.workers = -1: must be a whole number of at least 1, or None",
        "server.threads = 0: must be a whole number of at least 1",
    ) == faults
    assert [LINE_OF_WORKERS, LINE_OF_WORKERS + 1] == [int(place.rpartition(":")[2]) for place in places]


def test_a_fault_carries_the_path_of_the_name_it_is_assigned_to() -> None:
    """The inner call knows where it stands in the outer one."""
    with pytest.raises(SettingsError, match=r"shop\.server\.timeout = 0: must be a whole number of at least 1"):
        shop = App(name="shop", entrypoint="a:b", source=Source.directory("x"), server=Server(timeout=0))  # noqa: F841


def test_an_unknown_setting_names_those_that_exist() -> None:
    """The closest first."""
    with pytest.raises(SettingsError, match="is no setting of Balancer; Balancer has: max_fails, "):
        Balancer(max_fail=3)  # type: ignore[call-arg]


def test_faults_can_be_collected() -> None:
    """The reading goes on with stand-ins, which say that they are none."""
    with collecting() as faults:
        server = Server(workers=0, threads=2)
        app = App(name="x y", entrypoint="a:b", source=Source.directory(""), server=server)

    assert ["server.workers", "app.source.path", "app.name"] == [fault.field for fault in faults]
    assert (False, False, 2) == (server.is_sound, app.is_sound, server.threads)


def test_settings_are_frozen() -> None:
    """A role cannot change what it was told."""
    with pytest.raises(ValueError, match="frozen"):
        SHOP.port = 1  # type: ignore[misc]


def test_equal_settings_of_two_places_are_equal() -> None:
    """Where it was written is no part of the value; a copy, as pyinfra makes it, is the same."""
    other = App(name="shop", entrypoint="shop.main:app", source=Source.directory("examples/shop"))

    assert SHOP == other == copy.copy(SHOP)
    assert "declared_at" not in SHOP.model_dump_json()


def test_a_secret_is_read_when_asked_and_never_shown(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """It holds a name; one newline at the end of a file is no part of the value."""
    monkeypatch.setenv("SHOP_KEY", "hunter2")
    (tmp_path / "key").write_text("hunter3\n")
    variable, file = Secret.environment("SHOP_KEY"), Secret.file("key")

    assert ("hunter2", "hunter3") == (variable.read(), file.read(tmp_path))
    assert "hunter" not in f"{variable!r}{file!r}{variable.model_dump_json()}"


def test_a_secret_that_is_missing_is_named() -> None:
    """With the place where it is declared."""
    with pytest.raises(SettingsError, match=r"test_settings\.py:\d+: secret\.location = 'NOT_SET_7': is not set"):
        Secret.environment("NOT_SET_7").read()


def test_credentials_in_an_address_are_masked() -> None:
    """Faults end up in logs."""
    with pytest.raises(SettingsError, match=r"'ftp://\*\*\*@host/x'"):
        Source.archive("ftp://me:hunter2@host/x", sha256="0" * 64)


def test_a_host_that_is_told_nothing_gets_the_defaults() -> None:
    """A balancer has no app."""
    told = resolve({})

    assert (
        HostSettings(
            app=None,
            server=Server(),
            balancer=Balancer(),
            logs=told.logs,
            store=Store.directory(".slackwater/store"),
            environment="production",
            fleet="production",
            env={},
        )
        == told
    )
    with pytest.raises(SettingsError, match="a host of the group app needs"):
        told.require_app()


def test_the_app_brings_its_own_server_or_takes_the_group_s() -> None:
    """So that one environment can change the server alone."""
    group, own = Server(workers=2), Server(workers=3)

    assert group == resolve({"app": SHOP, "server": group}).server
    assert own == resolve({"app": SHOP.model_copy(update={"server": own}), "server": group}).server


def test_the_env_file_overrides_the_app_s_environment(tmp_path: Path) -> None:
    """It is looked for in the project."""
    (tmp_path / "prod.env").write_text("B=file\nC=file\n")
    app = SHOP.model_copy(update={"environment": {"A": "app", "B": "app"}})

    assert {"A": "app", "B": "file", "C": "file"} == resolve({"app": app, "env_file": "prod.env"}, project=tmp_path).env


def test_data_of_a_wrong_type_are_named_together() -> None:
    """All of them, before anything else is read."""
    with pytest.raises(SettingsError) as caught:
        resolve({"app": "shop", "environment": "prod", "env_file": "none.env"})

    assert [
        "app = 'shop': must be App(…)",
        "environment = 'prod': must be one of 'development', 'staging', 'production'",
    ] == str(caught.value).splitlines()


def test_the_stop_timeout_follows_the_graceful_timeout() -> None:
    """systemd must not kill what gunicorn is still ending."""
    assert 45 == Server().effective_stop_timeout
    assert 105 == Server(graceful_timeout=90).effective_stop_timeout
    assert 99 == Server(stop_timeout=99).effective_stop_timeout


def test_the_worker_class_follows_the_interface() -> None:
    """uvicorn's for ASGI, threads for WSGI."""
    assert "uvicorn_worker.UvicornWorker" == Server().effective_worker_class("asgi")
    assert "gthread" == Server().effective_worker_class("wsgi")
    assert "sync" == Server(worker_class="sync").effective_worker_class("wsgi")


def test_websockets_are_closed_before_gunicorn_loses_its_patience() -> None:
    """Whoever is still to be closed then is cut."""
    (fault,) = Server(websocket_spread=30).interface_conflicts("asgi")

    assert "websocket_spread = 30: must be less than graceful_timeout (30 seconds)" in fault.message
    assert [] == list(Server(websocket_spread=29).interface_conflicts("asgi"))
    assert [] == list(Server(websocket_spread=30).interface_conflicts("wsgi"))


@pytest.mark.parametrize("command", ["", "   ", "migrate\nrm -r x", "a\0b"])
def test_a_hook_is_one_line(command: str) -> None:
    """Two would be half run when the first fails."""
    with pytest.raises(SettingsError, match=r"before_release = .*: must be one line for /bin/sh"):
        App(name="shop", entrypoint="a:b", source=Source.directory("x"), before_release=command)
