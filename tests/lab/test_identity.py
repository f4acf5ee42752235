"""What a host knows of itself and of the others."""

from __future__ import annotations

from pathlib import Path

from slackwater.lab.addressing import Network
from slackwater.lab.identity import hosts_file, known_hosts, make_key

NETWORK = Network("local", 1)


def test_every_host_knows_all_others_by_name() -> None:
    """Itself by its address too, as on a machine with a static one."""
    lines = hosts_file(NETWORK, "app-1", ["app-1", "app-2"]).splitlines()

    assert ["127.0.1.1 app-1", "10.77.1.11 app-1", "10.77.1.12 app-2"] == [line for line in lines if "app" in line]


def test_a_key_is_made_once(tmp_path: Path) -> None:
    """A second call leaves it as it is."""
    make_key(tmp_path / "key", "me")
    first = (tmp_path / "key").read_text()

    make_key(tmp_path / "key", "me")

    assert first == (tmp_path / "key").read_text()


def test_a_key_that_a_killed_command_left_half_made_is_made_anew(tmp_path: Path) -> None:
    """Neither half of it is kept."""
    for half in (".key", ".key.pub", "key.pub"):
        (tmp_path / half).write_text("half")

    make_key(tmp_path / "key", "me")

    assert (tmp_path / "key.pub").read_text().startswith("ssh-ed25519 ")
    assert ["key", "key.pub"] == sorted(path.name for path in tmp_path.iterdir())


def test_known_hosts_names_each_host_by_address_and_name(tmp_path: Path) -> None:
    """With the key that lies on its disk."""
    file = tmp_path / "app-1/seed/etc/ssh/ssh_host_ed25519_key"
    file.parent.mkdir(parents=True)
    make_key(file, "app-1")
    key = Path(f"{file}.pub").read_text().split()[1]

    assert f"10.77.1.11,app-1 ssh-ed25519 {key}\n" == known_hosts(NETWORK, [tmp_path / "app-1"])
