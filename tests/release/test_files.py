"""The primitives of a store: the same words in a directory and in a bucket."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from slackwater.errors import ReleaseError
from slackwater.release import DirectoryFiles, Files, Releases, S3Files
from tests.release.conftest import BUCKET, Cloud

KEY = "shop/changes/production.json"


@pytest.fixture
def files(releases: Releases) -> Files:
    return releases.files


def test_what_was_written_is_read(files: Files) -> None:
    """A second write wins."""
    before = files.read(KEY)
    files.write(KEY, b"one")
    files.write(KEY, b"two")

    assert (None, b"two") == (before, files.read(KEY))


def test_a_key_is_created_once(files: Files) -> None:
    """The second is told, and changes nothing: not even with the same content."""
    assert [True, False, False] == [files.create(KEY, data) for data in (b"one", b"one", b"two")]
    assert b"one" == files.read(KEY)


def test_what_somebody_else_has_changed_is_not_replaced(files: Files) -> None:
    """Whoever replaces says what was there."""
    nothing = files.replace(KEY, b"", b"new")
    files.write(KEY, b"theirs")

    assert (False, False) == (nothing, files.replace(KEY, b"mine", b"new"))
    assert (True, b"new") == (files.replace(KEY, b"theirs", b"new"), files.read(KEY))


def test_what_somebody_else_has_changed_is_not_removed(files: Files) -> None:
    """Without saying what was there, whatever is there goes."""
    files.write(KEY, b"theirs")

    assert [False, True, False] == [files.remove(KEY, old) for old in (b"mine", b"theirs", b"theirs")]
    files.write(KEY, b"again")

    assert [True, False] == [files.remove(KEY), files.remove(KEY)]
    assert files.read(KEY) is None


def test_of_many_who_create_at_once_one_succeeds(files: Files) -> None:
    """This is what a lock of the fleet stands on."""
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda number: files.create(KEY, str(number).encode()), range(8)))

    assert 1 == sum(made)
    assert str(made.index(True)).encode() == files.read(KEY)


def test_no_change_is_lost_among_many_who_replace_at_once(files: Files) -> None:
    """Each of four counts to three."""
    files.write(KEY, b"0")

    def count(_: int) -> None:
        done = 0
        while done < 3:
            old = files.read(KEY) or b""
            done += files.replace(KEY, old, str(int(old) + 1).encode())

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(count, range(4)))

    assert b"12" == files.read(KEY)


def test_keys_are_listed_by_what_they_begin_with(files: Files) -> None:
    """As text, not as directories; what the store keeps for itself is none of them."""
    for key in ("shop/a.json", "shop/proved/production.json", "shop-2/a.json", "blog/a.json"):
        files.create(key, b"")

    assert ["shop/a.json", "shop/proved/production.json"] == files.keys("shop/")
    assert ["shop-2/a.json", "shop/a.json", "shop/proved/production.json"] == files.keys("shop")
    assert ["shop/proved/production.json"] == files.keys("shop/pro")
    assert [] == files.keys("shop/nothing/")


def test_a_file_goes_there_and_back(files: Files, tmp_path: Path) -> None:
    """Larger than one part of an upload, and over what was there."""
    content = bytes(range(256)) * 40_000
    (tmp_path / "there").write_bytes(content)
    files.upload(tmp_path / "there", "shop/a.tar.gz")
    files.upload(tmp_path / "there", "shop/a.tar.gz")
    (tmp_path / "back").write_text("an older one")
    files.download("shop/a.tar.gz", tmp_path / "back")

    assert content == (tmp_path / "back").read_bytes()


def test_what_is_not_there_cannot_be_downloaded(files: Files, tmp_path: Path) -> None:
    """And no empty file appears."""
    with pytest.raises(ReleaseError, match=r"shop/a\.tar\.gz"):
        files.download("shop/a.tar.gz", tmp_path / "back")

    assert not (tmp_path / "back").exists()


def test_a_directory_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    """With the system's own words."""
    (tmp_path / "store").write_text("a file")
    files = DirectoryFiles(tmp_path / "store")

    for act in (lambda: files.read(KEY), lambda: files.write(KEY, b""), lambda: files.create(KEY, b"")):
        with pytest.raises(ReleaseError, match=rf"the release store {tmp_path}/store cannot be used: .*directory"):
            act()


def test_a_bucket_needs_no_prefix(cloud: Cloud) -> None:
    """Two prefixes of one bucket are two stores."""
    S3Files(f"s3://{BUCKET}").write("a", b"1")
    S3Files(f"s3://{BUCKET}/x/y/").write("a", b"2")

    assert ["a", "x/y/a"] == S3Files(f"s3://{BUCKET}/").keys("")
    assert ["a"] == S3Files(f"s3://{BUCKET}/x/y").keys("")


@pytest.mark.usefixtures("cloud")
@pytest.mark.parametrize("act", ["create", "replace"])
def test_a_write_whose_answer_was_lost_is_our_own(cloud: Cloud, act: str) -> None:
    """boto3 sends it again, S3 refuses that because of the first one, and the lock would be held by nobody."""
    files = S3Files(f"s3://{BUCKET}")
    files.write("old", b"old")
    key = "new" if act == "create" else "old"
    cloud.lost = key

    assert files.create("new", b"mine") if act == "create" else files.replace("old", b"old", b"mine")
    assert ("", b"mine") == (cloud.lost, files.read(key))


def test_a_bucket_that_is_not_there_is_named(cloud: Cloud, tmp_path: Path) -> None:
    """For each way of reaching it."""
    files = S3Files("s3://ebb/prod")
    (tmp_path / "a").write_text("a")

    for act in (lambda: files.read("a"), lambda: files.keys(""), lambda: files.upload(tmp_path / "a", "a")):
        with pytest.raises(
            ReleaseError, match="the release store s3://ebb/prod cannot be used: there is no such bucket"
        ):
            act()


def test_denied_access_names_the_permissions(cloud: Cloud) -> None:
    """The operator reads what to ask for."""
    cloud.denied = True

    with pytest.raises(ReleaseError, match=f"access was denied: .*s3:ListBucket on {BUCKET}, .*s3:DeleteObject"):
        S3Files(f"s3://{BUCKET}").read("a")


def test_missing_credentials_are_told(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    """And which variables bring them."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)

    with pytest.raises(ReleaseError, match="no AWS credentials were found: set AWS_PROFILE"):
        S3Files(f"s3://{BUCKET}").read("a")


def test_an_endpoint_that_nobody_answers_at_is_told(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the address, which may be the fault."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")

    with pytest.raises(ReleaseError, match=r"AWS cannot be reached; .*http://127\.0\.0\.1:9"):
        S3Files(f"s3://{BUCKET}").read("a")
