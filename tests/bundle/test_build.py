"""A bundle holds what an instance needs, the same bytes for the same project, and nothing that is nobody's business."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Build = Callable[..., dict[str, Any]]
Command = Callable[..., subprocess.CompletedProcess[str]]
SECRET = "horse-battery-staple"


def names(bundle: dict[str, Any]) -> set[str]:
    with tarfile.open(bundle["path"]) as tar:
        return {each.name for each in tar if not each.isdir()}


def text(bundle: dict[str, Any], name: str) -> str:
    with tarfile.open(bundle["path"]) as tar:
        file = tar.extractfile(name)
        assert file
        return file.read().decode()


def test_building_twice_gives_the_same_bytes(project: Path, build: Build) -> None:
    """Else each plan would be a new launch template, and each launch template a refresh of the fleet."""
    first = build(TZ="UTC", PYTHONHASHSEED="1")
    for path in project.rglob("*"):
        if path.is_file() and ".slackwater" not in path.parts:
            os.utime(path, (1_000_000_000, 1_000_000_000))
            path.chmod(0o600)
    second = build(TZ="Asia/Tokyo", PYTHONHASHSEED="2")

    assert first == second
    assert Path(first["path"]).stat().st_size == first["size"]
    assert f"bundles/prod/{first['sha256']}.tar.gz" == first["key"]


def test_it_holds_what_a_pushed_run_reads(build: Build) -> None:
    """Roles, templates, the group data of the instance's groups and environment, pip, and Slackwater itself."""
    found = names(build())

    assert {"deploy.py", "config.py", "inventories/self.py", "roles/app.py", "templates/nginx/nginx.conf.j2"} <= found
    assert {"group_data/all.py", "group_data/app.py", "group_data/prod.py"} == {
        name for name in found if name.startswith("group_data/")
    }
    assert ["pip", "slackwater"] == sorted(name.split("-")[0] for name in found if name.endswith(".whl"))


def test_workers_bring_what_they_are_told_of_the_app(project: Path, build: Build) -> None:
    """Their group alone says what they run it with, and that of the app what it is."""
    told = 'from slackwater import Worker\n\nworker = Worker(application="shop.tasks:celery")\n'
    (project / "group_data/worker.py").write_text(told)
    found = build("--group", "worker")

    assert {"group_data/all.py", "group_data/app.py", "group_data/prod.py", "group_data/worker.py"} == {
        name for name in names(found) if name.startswith("group_data/")
    }
    assert "shop" == json.loads(text(found, "declared.json"))["worker"]


def test_it_holds_nothing_of_others_and_no_secret(project: Path, build: Build) -> None:
    """Whoever may read the store reads the bundle."""
    for name in ("prod.env", ".env", "roles/keys.env", "templates/app/.env", "group_data/notes.txt"):
        (project / name).write_text(f"PASSWORD={SECRET}\n")
    bundle = build(DATABASE_PASSWORD=SECRET)
    found = names(bundle)

    assert set() == {name for name in found if "env" in name.rpartition("/")[2].split(".")}
    assert set() == {"group_data/staging.py", "group_data/local.py", "inventories/prod.py"} & found
    with tarfile.open(bundle["path"]) as tar:
        whole = b"".join(file.read() for each in tar if (file := tar.extractfile(each)))
    assert SECRET.encode() not in whole


def test_owners_times_and_modes_are_nobodys(build: Build) -> None:
    """What differs between machines stays out."""
    with tarfile.open(build()["path"]) as tar:
        entries = list(tar)

    assert {(0, 0, "", "", 0)} == {(each.uid, each.gid, each.uname, each.gname, each.mtime) for each in entries}
    assert {0o644, 0o755} >= {each.mode for each in entries}


def test_nothing_is_written_but_the_cache(project: Path, build: Build) -> None:
    """A plan builds one, and a plan changes nothing."""
    before = {path for path in project.rglob("*") if ".slackwater" not in path.parts}
    build()

    assert before == {path for path in project.rglob("*") if ".slackwater" not in path.parts}


def test_it_says_what_an_instance_cannot_see(build: Build) -> None:
    """The app that it must prove, the fleet whose pointer it follows, and the balancers that it trusts."""
    declared = json.loads(text(build(), "declared.json"))

    assert {"name": "shop", "port": 8000, "tls": False} == declared["app"]
    assert ("production", {"balancer": ["10.0.1.10"]}) == (declared["fleet"], declared["neighbours"])


def test_a_change_of_what_others_are_told_changes_nothing(project: Path, build: Build) -> None:
    """Staging's settings are none of production's instances' business; nor are the balancers'."""
    first = build()
    for name in ("staging", "balancer", "local"):
        with (project / f"group_data/{name}.py").open("a") as file:
            file.write("\n# another word\n")
    second = build()
    with (project / "group_data/app.py").open("a") as file:
        file.write("\n# another word\n")

    assert first["sha256"] == second["sha256"]
    assert first["sha256"] != build()["sha256"]


def test_every_package_is_pinned_with_hashes(build: Build) -> None:
    """Slackwater's own wheel too; pip itself is what installs and is not installed."""
    lines = text(build(), "requirements.txt").replace("\\\n", " ").splitlines()

    assert [] == [line for line in lines if "--hash=sha256:" not in line]
    assert lines[-1].startswith("./slackwater-")
    assert [] == [line for line in lines if line.startswith("pip==")]


def test_the_wheel_carries_what_is_not_python(build: Build, tmp_path: Path) -> None:
    """Roles, templates and requirements, as an installed package has them; no lab."""
    bundle = build()
    with tarfile.open(bundle["path"]) as tar:
        tar.extractall(tmp_path / "b")
    (wheel,) = (tmp_path / "b").glob("slackwater-*.whl")
    found = set(zipfile.ZipFile(wheel).namelist())

    assert {
        "slackwater/requirements/uv.txt",
        "slackwater/templates/app/slot.service.j2",
        "slackwater/roles/app.py",
    } <= found
    assert set() == {name for name in found if name.startswith(("slackwater/lab/", "slackwater/project/"))}


@pytest.mark.parametrize(
    ("file", "line", "wanted"),
    [
        ("all", 'store = Store.directory("x")', "must be Store.s3"),
        ("prod", 'env_file = "prod.env"', "env_file"),
        ("app", 'app = App(name="shop", entrypoint="shop.main:app", source=Source.directory("examples/shop"), '
                'secrets={"KEY": Secret.environment("HOME")})', "secret KEY"),
        ("app", 'app = App(name="shop", port=99999)', "port"),
    ],
    ids=["directory", "env_file", "secret", "fault"],
)  # fmt: skip
def test_what_an_instance_could_not_do_is_refused(
    project: Path, slackwater: Command, file: str, line: str, wanted: str
) -> None:
    """At once and here, not by every new instance, at night."""
    with (project / f"group_data/{file}.py").open("a") as told:
        told.write(f"\nfrom slackwater import App, Secret, Source, Store\n{line}\n")
    (project / "prod.env").write_text("A=b\n")
    done = slackwater("bundle", "build", "inventories/prod.py")

    assert 1 == done.returncode
    assert wanted in done.stderr
    assert "Traceback" not in done.stderr


OF_AWS = """
from slackwater.inventory import scaling_group_hosts as _hosts
app = _hosts("shop-prod", environment="prod", region="eu-central-1", endpoint="http://127.0.0.1:1")["app"]
balancer = [("balancer-1", {"ssh_hostname": "203.0.113.10", "address": "10.0.1.10"})]
"""
SIGNED_OUT = {
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_CONFIG_FILE": "none",
    "AWS_SHARED_CREDENTIALS_FILE": "none",
    "AWS_ACCESS_KEY_ID": "",
    "AWS_SECRET_ACCESS_KEY": "",
}


def test_it_is_built_without_aws(project: Path, build: Build) -> None:
    """It touches no host, so who was there at the last reading, or one host for all of them, is good enough."""
    (project / "inventories/prod.py").write_text(OF_AWS)

    assert "declared.json" in names(build(**SIGNED_OUT))


def test_who_changes_hosts_builds_none_by_an_old_list(project: Path) -> None:
    """A converge that reaches the cloud's role builds one, too; what it runs for is what counts."""
    (project / "inventories/prod.py").write_text(OF_AWS)
    text = "from pathlib import Path; from slackwater.bundle import build; build(Path.cwd(), 'prod')"
    done = subprocess.run(
        [sys.executable, "-c", text],
        cwd=project,
        env=os.environ | SIGNED_OUT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert 0 != done.returncode
    assert "the members of shop-prod are not known" in done.stderr


def test_an_environment_without_an_inventory_is_refused(project: Path, slackwater: Command) -> None:
    """Click names the file."""
    done = slackwater("bundle", "build", "inventories/nowhere.py")

    assert 2 == done.returncode
    assert "inventories/nowhere.py" in done.stderr


def test_show_lists_files_packages_and_sum(build: Build, slackwater: Command) -> None:
    """For people and for programs."""
    bundle = build()
    plain, told = slackwater("bundle", "show", bundle["path"]), slackwater("bundle", "show", bundle["path"], "--json")
    found = json.loads(told.stdout)

    assert (0, 0) == (plain.returncode, told.returncode)
    assert f"sha256 {bundle['sha256']}" in plain.stdout
    assert (bundle["sha256"], False) == (found["sha256"], found["wheelhouse"])
    assert any(each.startswith("pyinfra==3.") for each in found["packages"])


def test_show_refuses_what_is_no_bundle(project: Path, slackwater: Command) -> None:
    """With a sentence."""
    done = slackwater("bundle", "show", "deploy.py")

    assert 1 == done.returncode
    assert "deploy.py is no bundle" in done.stderr
