"""Unpacking what somebody else packed."""

from __future__ import annotations

import io
import os
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from slackwater.errors import ReleaseError
from slackwater.release._unpack import unpack

Members = list[tuple[str, str]]
Pack = Callable[[Path, Members], Path]


def tar(path: Path, members: Members) -> Path:
    """A content of "-> target" is a link; a name that ends in .sh is a program."""
    with tarfile.open(path, "w:gz") as file:
        for name, text in members:
            info = tarfile.TarInfo(name)
            info.mode = 0o755 if name.endswith(".sh") else 0o644
            if text.startswith("-> "):
                info.type, info.linkname = tarfile.SYMTYPE, text[3:]
            info.size = 0 if info.issym() else len(text)
            file.addfile(info, io.BytesIO(text.encode()))
    return path


def zipped(path: Path, members: Members) -> Path:
    with zipfile.ZipFile(path, "w") as file:
        for name, text in members:
            info = zipfile.ZipInfo(name)
            info.external_attr = (0o100755 if name.endswith(".sh") else 0o100644) << 16
            file.writestr(info, text)
    return path


FORMATS = pytest.mark.parametrize("pack", [tar, zipped])


@FORMATS
def test_a_single_top_directory_is_stripped(pack: Pack, tmp_path: Path) -> None:
    """An archive of a tag has everything in name-version/; the app's modules are found without it."""
    archive = pack(tmp_path / "a", [("shop-1.0/shop/main.py", "app"), ("shop-1.0/run.sh", "#!")])
    unpack(archive, tmp_path / "out", "a")
    found = {str(path.relative_to(tmp_path / "out")) for path in (tmp_path / "out").rglob("*") if path.is_file()}

    assert {"shop/main.py", "run.sh"} == found
    assert [False, True] == [os.access(tmp_path / "out" / name, os.X_OK) for name in ("shop/main.py", "run.sh")]


@FORMATS
def test_several_top_names_stay(pack: Pack, tmp_path: Path) -> None:
    """Nothing is stripped that tells files apart."""
    unpack(pack(tmp_path / "a", [("shop/main.py", "app"), ("README", "x")]), tmp_path / "out", "a")

    assert ["README", "shop"] == sorted(path.name for path in (tmp_path / "out").iterdir())


@FORMATS
@pytest.mark.parametrize("name", ["../evil", "a/../../evil", "/tmp/evil"])
def test_a_name_that_leads_out_is_refused(pack: Pack, name: str, tmp_path: Path) -> None:
    """Nothing is written, also not what came before it."""
    with pytest.raises(ReleaseError, match=r"'.*evil', which leads out of it"):
        unpack(pack(tmp_path / "a", [("ok", "x"), (name, "x")]), tmp_path / "out", "a")

    assert [] == list((tmp_path / "out").iterdir())


def test_nothing_is_written_through_a_link(tmp_path: Path) -> None:
    """A link to a directory outside, then a file in it: the file would land outside."""
    (tmp_path / "outside").mkdir()
    archive = tar(tmp_path / "a", [("x", "1"), ("sub", f"-> {tmp_path}/outside"), ("sub/evil", "2")])
    with pytest.raises(ReleaseError, match="could not be unpacked"):
        unpack(archive, tmp_path / "out", "a")

    assert [] == list((tmp_path / "outside").iterdir())


@pytest.mark.parametrize("content", [b"hello", b"", b"\x1f\x8b\x08\x00garbage"])
def test_anything_else_is_refused(content: bytes, tmp_path: Path) -> None:
    """A page of HTML, an empty file, the beginning of a gzip: the sentence names the archive."""
    (tmp_path / "a").write_bytes(content)

    with pytest.raises(ReleaseError, match=r"neither a tar .* nor a zip|could not be unpacked"):
        unpack(tmp_path / "a", tmp_path / "out", "a")


def test_a_truncated_archive_is_refused(tmp_path: Path) -> None:
    """Half of an archive is no release."""
    archive = tar(tmp_path / "a", [("x", os.urandom(40_000).hex())])
    archive.write_bytes(archive.read_bytes()[:20_000])

    with pytest.raises(ReleaseError, match="could not be unpacked"):
        unpack(archive, tmp_path / "out", "a")
