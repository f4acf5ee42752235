"""Wheels for the hosts, by the real pip from a folder of wheels made here."""

from __future__ import annotations

import hashlib
import zipfile
from pathlib import Path

import pytest
from packaging.markers import Marker

from slackwater.errors import ReleaseError
from slackwater.release._pins import Pin
from slackwater.release._wheels import Target, by_name, fetch, index_of_uv, targets

OLD, NEW = Target("3.11", "x86_64"), Target("3.13", "x86_64")


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "index"
    folder.mkdir()
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    return folder


def a_wheel(folder: Path, name: str) -> str:
    """Its hash, as pins have it."""
    package, version, *_ = name.split("-")
    info = f"{package}-{version}.dist-info"
    with zipfile.ZipFile(folder / name, "w") as wheel:
        wheel.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {package}\nVersion: {version}\n")
        wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nGenerator: here\nRoot-Is-Purelib: true\n")
        wheel.writestr(f"{info}/RECORD", name)
    return "sha256:" + hashlib.sha256((folder / name).read_bytes()).hexdigest()


def a_pin(text: str, *hashes: str) -> Pin:
    return Pin(text, frozenset(hashes), "requirements.txt:1")


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_each_python_gets_its_own_and_all_share_the_rest(index: Path, tmp_path: Path) -> None:
    """What only other systems need stays out."""
    tide = [a_wheel(index, f"tide-1.0-cp3{minor}-cp3{minor}-manylinux_2_28_x86_64.whl") for minor in (11, 13)]
    pins = [
        a_pin("tide==1.0", *tide),
        a_pin("ebb==2.0", a_wheel(index, "ebb-2.0-py3-none-any.whl")),
        a_pin("moon==1.0 ; python_full_version < '3.11.3'", a_wheel(index, "moon-1.0-py3-none-any.whl")),
        a_pin("colorama==1.0 ; sys_platform == 'win32'", "sha256:" + "0" * 64),
    ]
    for target in (OLD, NEW):
        fetch("shop", pins, target, tmp_path / "wheels/index")

    assert [
        "ebb-2.0-py3-none-any.whl",
        "moon-1.0-py3-none-any.whl",
        "tide-1.0-cp311-cp311-manylinux_2_28_x86_64.whl",
        "tide-1.0-cp313-cp313-manylinux_2_28_x86_64.whl",
    ] == names(tmp_path / "wheels/index")
    assert ["index"] == names(tmp_path / "wheels")


@pytest.mark.parametrize(
    "name", ["tide-1.0-cp311-cp311-musllinux_1_2_x86_64.whl", "tide-1.0-cp311-cp311-manylinux_2_40_x86_64.whl"]
)
def test_a_package_without_a_wheel_for_the_hosts_is_named(index: Path, tmp_path: Path, name: str) -> None:
    """Another C library, or a newer one than Debian 12 has."""
    pin = a_pin("tide==1.0", a_wheel(index, name))

    with pytest.raises(ReleaseError, match=r"app shop: wheels for Python 3.11 on x86_64 .* no wheel (.|\n)*tide==1\.0"):
        fetch("shop", [pin], OLD, tmp_path / "wheels/index")


def test_a_wheel_with_another_hash_is_refused(index: Path, tmp_path: Path) -> None:
    """The index has replaced it since it was resolved."""
    a_wheel(index, "ebb-2.0-py3-none-any.whl")

    with pytest.raises(ReleaseError, match=r"pip says:(.|\n)*HASH"):
        fetch("shop", [a_pin("ebb==2.0", "sha256:" + "0" * 64)], OLD, tmp_path / "wheels/index")


def test_a_wheel_required_by_its_address_is_found_by_name(index: Path, tmp_path: Path) -> None:
    """A host has no way to the address."""
    digest = a_wheel(index, "ebb-2.0+local-py3-none-any.whl")
    pin = a_pin(f"ebb @ file://{index}/ebb-2.0%2Blocal-py3-none-any.whl ; python_version < '3.12'", digest)
    fetch("shop", [pin], OLD, tmp_path / "wheels/index")
    fetch("shop", [pin], NEW, tmp_path / "none")

    assert ["ebb-2.0+local-py3-none-any.whl"] == names(tmp_path / "wheels/index")
    assert ('ebb==2.0+local ; python_version < "3.12"', pin.hashes) == (by_name(pin, "shop").text, pin.hashes)
    assert [] == names(tmp_path / "none")


def test_an_address_of_something_else_is_refused() -> None:
    """A source archive would have to be built on the host."""
    pin = a_pin("ebb @ https://example.com/ebb-2.0.tar.gz")

    with pytest.raises(ReleaseError, match=r"app shop: 'ebb @ https://example.com/ebb-2.0.tar.gz' is no wheel"):
        by_name(pin, "shop")


def test_markers_are_asked_of_the_host() -> None:
    """Not of the machine that builds; what depends on the patch release is taken along."""
    answers = {
        "python_version < '3.12'": True,
        "python_version >= '3.12'": False,
        "sys_platform == 'darwin' or os_name == 'nt'": False,
        "platform_machine == 'x86_64' and platform_system == 'Linux'": True,
        "platform_machine == 'aarch64'": False,
        "platform_python_implementation == 'PyPy'": False,
        "python_full_version < '3.11.3'": True,
        "python_full_version >= '3.11.3'": True,
    }

    assert answers == {text: OLD.takes(Marker(text)) for text in answers}


def test_an_app_without_a_python_is_for_every_distribution() -> None:
    """Debian 12, Ubuntu 24.04 and Debian 13."""
    assert ["3.11", "3.12", "3.13"] == [target.python for target in targets(None)]
    assert ["3.12"] == [target.python for target in targets("3.12")]


def test_pip_looks_where_uv_looks() -> None:
    """The addresses that uv has from its variables, its names for them left out."""
    environment = {
        "UV_DEFAULT_INDEX": "main=https://a.example/simple",
        "UV_INDEX": "b=https://b.example/simple?x=1 https://c.example/simple?y=2",
        "UV_FIND_LINKS": "/one,/two",
    }

    assert {
        "PIP_INDEX_URL": "https://a.example/simple",
        "PIP_EXTRA_INDEX_URL": "https://b.example/simple?x=1 https://c.example/simple?y=2",
        "PIP_FIND_LINKS": "/one /two",
    } == index_of_uv(environment)
    assert {} == index_of_uv({})
