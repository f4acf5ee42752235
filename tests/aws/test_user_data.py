"""User-data: small, without a secret, the same for the same group, and complete."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from slackwater.aws.compressed import compressed, content
from slackwater.aws.user_data import LIMIT, MODULES, PLACE, SERVICE, bare, user_data
from slackwater.resources import resource
from slackwater.settings import Hooks, Image, LaunchHook, ScalingGroup

HALF = "0" * 64


def group(**changes: Any) -> ScalingGroup:
    told = {
        "name": "shop-prod",
        "region": "eu-central-1",
        "image": Image.id("ami-0123456789abcdef0"),
        "instance_types": ["t3.medium"],
        "subnets": ["subnet-0123456789abcdef0"],
        "security_groups": ["sg-0123456789abcdef0"],
        "instance_profile": "shop",
    }
    return ScalingGroup(**{**told, **changes})


def made(told: ScalingGroup | None = None, **more: str) -> str:
    url = f"s3://tides/fleet/bundles/prod/{HALF}.tar.gz"
    return user_data(
        told or group(), bundle_url=url, bundle_sha256=HALF, environment="prod", store="s3://tides/fleet", **more
    )


def files(text: str) -> dict[str, str]:
    return {each["path"]: each["content"] for each in yaml.safe_load(text)["write_files"]}


def instance(text: str) -> dict[str, Any]:
    return dict(json.loads(files(text)["/etc/slackwater/instance.json"]))


def test_it_is_well_below_what_ec2_takes() -> None:
    """16 KB compressed; a quarter is left for a group with long names, and for what is still to come."""
    assert len(compressed(made())) < LIMIT * 3 // 4


def test_the_bootstrap_is_at_most_120_lines() -> None:
    """An instance's way is read in one go; docs/decisions/0021 says what stands beside it, and all of it is sent."""
    lines = {name: len(resource(f"agents/{name}.py").read_text().splitlines()) for name in MODULES}

    assert lines["bootstrap"] <= 120
    assert sum(lines.values()) <= 1100
    assert {f"{PLACE}/agents/{name}.py" for name in lines} <= set(files(made()))


def test_compressed_by_whomever_it_is_the_same() -> None:
    """One machine's zlib makes other bytes of it than another's; what is not compressed, or broken, stays as it is."""
    plain = made().encode()

    assert [plain] * 3 == [content(data) for data in (plain, compressed(made()), gzip.compress(plain, 1))]
    assert b"\x1f\x8bbroken" == content(b"\x1f\x8bbroken")


def test_whoever_looks_can_read_it() -> None:
    """Every file line by line, the program as it will run."""
    text = made()

    assert f"\n    ExecStart=/usr/bin/env PYTHONPATH={PLACE} /usr/bin/python3 -P -m agents.bootstrap\n" in text
    assert "\n    def main() -> None:\n" in text
    assert '\n      "group": "shop-prod",\n' in text


def test_it_is_a_cloud_config() -> None:
    """cloud-init reads the first line to know what it is."""
    text = made()

    assert text.startswith("#cloud-config\n")
    assert {"write_files", "runcmd"} == set(yaml.safe_load(text))


def test_it_tells_an_instance_what_the_contract_says() -> None:
    """Everything else stands in the bundle."""
    assert {
        "environment": "prod",
        "groups": ["app"],
        "region": "eu-central-1",
        "group": "shop-prod",
        "launch_hook": "slackwater-launch",
        "terminate_hook": "slackwater-terminate",
        "deadline": 1200,
        "heartbeat": 300,
        "terminate_heartbeat": 60,
        "target_groups": [],
        "hold": 0,
        "store": "s3://tides/fleet",
        "bundle": {"url": f"s3://tides/fleet/bundles/prod/{HALF}.tar.gz", "sha256": HALF},
        "endpoint": None,
    } == instance(made())


def test_a_hook_that_is_none_is_not_waited_for() -> None:
    """The times are then those that a hook has by itself."""
    told = instance(made(group(hooks=Hooks(launch=None, terminate=None))))

    assert (None, None, 1200) == (told["launch_hook"], told["terminate_hook"], told["deadline"])


def test_the_hooks_times_are_the_instances() -> None:
    """One deadline for both sides."""
    told = instance(made(group(hooks=Hooks(launch=LaunchHook(heartbeat=90, deadline=500)))))

    assert (90, 500) == (told["heartbeat"], told["deadline"])


def test_equal_groups_give_equal_text() -> None:
    """A difference is a new version of the launch template."""
    assert made() == made()


def test_size_and_schedule_are_not_in_it() -> None:
    """A larger maximum must not replace every instance."""
    assert made() == made(group(maximum=50, minimum=1, tags={"a": "b"}))


def test_the_program_in_it_runs(tmp_path: Path) -> None:
    """As cloud-init writes it, with nothing but Python: it asks for its file."""
    written = files(content(compressed(made())).decode())
    for name in MODULES:
        (tmp_path / "agents").mkdir(exist_ok=True)
        (tmp_path / f"agents/{name}.py").write_text(written[f"{PLACE}/agents/{name}.py"])
    done = subprocess.run(
        [
            sys.executable,
            "-I",
            "-c",
            f"import sys; sys.path[:0] = [{str(tmp_path)!r}]; import agents.bootstrap as b; b.main()",
        ],
        capture_output=True,
        text=True,
        check=False,
    )

    assert "/etc/slackwater/instance.json" in done.stderr
    assert "FileNotFoundError" in done.stderr


@pytest.mark.parametrize("name", MODULES)
def test_bare_code_is_the_same_code(name: str) -> None:
    """Only what a computer does not read is left out."""
    import ast

    code = resource(f"agents/{name}.py").read_text()

    assert _without_texts(ast.parse(code)) == _without_texts(ast.parse(bare(code)))


def _without_texts(tree: Any) -> str:
    import ast

    for node in ast.walk(tree):
        if isinstance(getattr(node, "body", None), list):
            node.body = [each for each in node.body if not _is_text(each) and not isinstance(each, ast.Pass)]
    return ast.dump(tree)


def _is_text(node: Any) -> bool:
    import ast

    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


def test_the_unit_is_one_that_systemd_takes(tmp_path: Path) -> None:
    """As it is written to the instance."""
    unit = tmp_path / "slackwater-bootstrap.service"
    unit.write_text(SERVICE)
    done = subprocess.run(["systemd-analyze", "verify", str(unit)], capture_output=True, text=True, check=False)

    assert "slackwater-bootstrap" not in done.stderr, done.stderr


def test_another_endpoint_is_told() -> None:
    """The lab's cloud is reached at another address from within the lab than from outside."""
    assert "http://10.77.255.1:5000" == instance(made(endpoint="http://10.77.255.1:5000"))["endpoint"]
