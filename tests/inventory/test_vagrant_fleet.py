"""What inventories read of fleet.yml: a sentence with file, field, value and what is allowed, also without Vagrant."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from slackwater.errors import SettingsError
from slackwater.inventory.vagrant_fleet import GROUPS, INSTANCE, kept, read

NUMBERS = {name: {"count": 1, "first": 11 + 10 * at} for at, name in enumerate((*GROUPS, INSTANCE))}


@pytest.mark.parametrize(
    ("network", "app", "said"),
    [
        (None, {}, "network is None; allowed are three numbers such as 192.168.56"),
        ("192.168.300", {}, "network is '192.168.300'; allowed are three numbers such as 192.168.56"),
        (10, {}, "network is 10; allowed are three numbers such as 192.168.56"),
        ("10.0.0", None, "groups.app is None; allowed are values of its own: count, first"),
        ("10.0.0", 2, "groups.app is 2; allowed are values of its own: count, first"),
        ("10.0.0", {"count": "two", "first": 21}, "groups.app.count is 'two'; allowed are whole numbers from 0 to 9"),
        ("10.0.0", {"count": 10, "first": 21}, "groups.app.count is 10; allowed are whole numbers from 0 to 9"),
        ("10.0.0", {"count": 2}, "groups.app.first is None; allowed are whole numbers from 2 to 245"),
    ],
)
def test_a_fault_is_named(network: object, app: object, said: str, tmp_path: Path) -> None:
    """An inventory must never name hosts at addresses that nobody meant."""
    file = tmp_path / "fleet.yml"
    file.write_text(yaml.safe_dump({"network": network, "groups": NUMBERS | ({"app": app} if app != {} else {})}))
    with pytest.raises(SettingsError) as caught:
        read(tmp_path)

    assert str(caught.value).startswith(f"{file}: {said}")


def test_a_file_of_another_encoding_is_named(tmp_path: Path) -> None:
    """As any other that is no YAML."""
    (tmp_path / "fleet.yml").write_bytes(b"network: gr\xfcn\n")

    with pytest.raises(SettingsError, match="cannot be read: "):
        read(tmp_path)


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ("dot", "/fleet/dot/machines"),
        ("../dot", "/fleet/../dot/machines"),
        ("/dot", "/dot/machines"),
        ("~/dot", "/home/ada/dot/machines"),
        ("", "/fleet/.vagrant/machines"),
    ],
)
def test_what_vagrant_keeps_is_looked_for_where_vagrant_keeps_it(
    told: str, expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Vagrant begins at the Vagrantfile's folder, whichever folder it is called from."""
    monkeypatch.setenv("HOME", "/home/ada")
    monkeypatch.setenv("VAGRANT_DOTFILE_PATH", told)

    assert Path(expected) == kept(Path("/fleet"))
