"""The role cache: Redis behind a password, on the host's own address."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path
from typing import Any

from roles.cache import cache
from slackwater import Cache, Secret
from tests.roles.bare import Bare
from tests.roles.test_drain import written

FOLDER = "/etc/slackwater/cache"


def run(run_role: Any, tmp_path: Path, **data: Any) -> dict[str, str]:
    (tmp_path / "password").write_text("tide-0123\n")
    told = Cache(password=Secret.file(str(tmp_path / "password")), memory=64)
    listens = Bare(lines={"ss -ltnpH": ["yes"]})
    return written(run_role(cache, groups=("cache",), data={"cache": told, **data}, bare=listens))


def test_it_listens_on_its_own_address_and_forgets_nothing(run_role: Any, tmp_path: Path) -> None:
    """Not on every address of the host; what is full refuses rather than forgets."""
    lines = run(run_role, tmp_path, address="10.0.3.2")[f"{FOLDER}/redis.conf"].splitlines()

    for line in ("bind 127.0.0.1 10.0.3.2", "port 6379", "protected-mode yes", "appendonly yes", "maxmemory 64mb",
                 "maxmemory-policy noeviction"):  # fmt: skip
        assert line in lines


def test_without_an_address_it_stays_with_itself(run_role: Any, tmp_path: Path) -> None:
    """A name is no address, and Redis would not start with it."""
    assert "bind 127.0.0.1" in run(run_role, tmp_path)[f"{FOLDER}/redis.conf"].splitlines()


def test_the_password_is_nowhere_but_its_hash_is(run_role: Any, tmp_path: Path) -> None:
    """In a file of root's own, which systemd hands to Redis."""
    files = run(run_role, tmp_path)

    assert not [text for text in files.values() if "tide-0123" in text]
    assert f"#{sha256(b'tide-0123').hexdigest()}" in files[f"{FOLDER}/users.acl"]
    unit = files["/etc/systemd/system/redis-server.service.d/slackwater.conf"]
    assert f"LoadCredential=users.acl:{FOLDER}/users.acl" in unit
    assert "--aclfile ${CREDENTIALS_DIRECTORY}/users.acl" in unit


def test_it_starts_though_its_address_comes_late(run_role: Any, tmp_path: Path) -> None:
    """A boot that is slow to get its network must not leave the fleet without a broker."""
    lines = run(run_role, tmp_path)["/etc/systemd/system/redis-server.service.d/slackwater.conf"].splitlines()

    for line in ("After=network-online.target", "StartLimitIntervalSec=0", "Restart=always", "RestartSec=1s"):
        assert line in lines


def test_other_hosts_are_left_alone(run_role: Any) -> None:
    """The group says who has it."""
    assert [] == run_role(cache, groups=("worker",)).executed_commands
