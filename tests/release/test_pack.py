"""Equal contents, equal bytes."""

from __future__ import annotations

import io
import os
import tarfile
from pathlib import Path

from slackwater.release._pack import pack


def tree(root: Path, *, mode: int, umask: int, order: int) -> Path:
    old = os.umask(umask)
    for name in ["a.txt", "sub/b.txt", "sub-a/c.txt"][::order]:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(name)
        (root / name).chmod(mode)
    (root / "link").symlink_to("sub/b.txt")
    os.umask(old)
    return root


def packed(root: Path) -> bytes:
    file = io.BytesIO()
    pack(root, file)
    return file.getvalue()


def test_times_order_and_modes_of_the_machine_do_not_count(tmp_path: Path) -> None:
    """Two operators get the same bytes from the same files."""
    one = tree(tmp_path / "one", mode=0o644, umask=0o022, order=1)
    two = tree(tmp_path / "two", mode=0o600, umask=0o077, order=-1)
    os.utime(two / "a.txt", (1, 1))

    assert packed(one) == packed(two)


def test_everything_is_roots_and_readable(tmp_path: Path) -> None:
    """A host unpacks it as root for an app that is another user."""
    root = tree(tmp_path / "one", mode=0o700, umask=0o077, order=1)
    with tarfile.open(fileobj=io.BytesIO(packed(root))) as tar:
        found = {(info.uid, info.gid, info.mode, info.mtime) for info in tar}

    assert {(0, 0, 0o755, 0)} == found
