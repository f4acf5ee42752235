"""Secrets of AWS on an instance: its own role asks, the lab's cloud answers; faults name the secret, never a value."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from slackwater.agents.slots import resolve
from slackwater.agents.slots.resolve import SecretError
from slackwater.engine.programs import sent_along
from slackwater.engine.secrets import RESOLVE
from slackwater.lab.cloud import Endpoint
from slackwater.lab.metadata import Instance, Role, Service
from tests.agents.door import Said, door
from tests.sky import ALWAYS

VALUE = "postgres://shop:hunter2@db/shop"
WANTED = {"A": {"kind": "ssm", "location": "/shop/x"}}
METHODS = {"ssm": ("ssm", "GetParameter"), "secrets_manager": ("secretsmanager", "GetSecretValue")}


def parameter(sky: Endpoint, name: str, value: str = VALUE) -> dict[str, Any]:
    sky.client("ssm").put_parameter(Name=name, Value=value, Type="SecureString", Overwrite=True)
    return {"kind": "ssm", "location": name}


def secret(sky: Endpoint, name: str, value: str | bytes) -> dict[str, Any]:
    content = {"SecretString": value} if isinstance(value, str) else {"SecretBinary": value}
    sky.client("secretsmanager").create_secret(Name=name, **content)
    return {"kind": "secrets_manager", "location": name}


def refuses(sky: Endpoint, code: str, *, kind: str = "ssm", status: int = 400) -> None:
    """With a text that nobody must see."""
    text = json.dumps({"__type": f"com.amazon#{code}", "message": f"User: x is not authorized {VALUE}"})
    sky.say(*METHODS[kind], text, times=ALWAYS, status=status)


def test_a_parameter_is_decrypted_and_its_version_moves_with_its_value(sky: Endpoint) -> None:
    """The version says that the value is another one, and nothing about it."""
    wanted = {"DATABASE_URL": parameter(sky, "/shop/prod/moves")}
    first = resolve.resolve(wanted)["DATABASE_URL"]
    parameter(sky, "/shop/prod/moves", "another")
    second = resolve.resolve(wanted)["DATABASE_URL"]

    assert (VALUE, "another") == (first.value, second.value)
    assert first.version != second.version
    assert VALUE not in repr(first) + first.version


def test_the_same_value_has_the_same_version(sky: Endpoint) -> None:
    """A converge that changes nothing makes no new slot."""
    wanted = {"A": parameter(sky, "/shop/prod/same"), "B": secret(sky, "shop/same", "x")}
    before, after = ({name: one.version for name, one in resolve.resolve(wanted).items()} for _ in range(2))

    assert before == after


def test_a_version_that_is_asked_for_is_the_one_that_comes(sky: Endpoint) -> None:
    """A parameter that moved on does not move a host that was told to stay."""
    wanted = {"A": parameter(sky, "/shop/prod/pinned", "one") | {"version": 1}}
    parameter(sky, "/shop/prod/pinned", "two")

    assert "one" == resolve.resolve(wanted)["A"].value


def test_values_of_one_secret_are_one_question(sky: Endpoint) -> None:
    """A JSON object of many values costs one call, so that a fleet is not throttled."""
    whole = secret(sky, "shop/prod", json.dumps({"database_url": VALUE, "workers": 3}))
    before = len(sky.calls)
    found = resolve.resolve({"URL": whole | {"key": "database_url"}, "N": whole | {"key": "workers"}, "ALL": whole})

    assert (VALUE, "3") == (found["URL"].value, found["N"].value)
    assert 1 == len(sky.calls) - before
    assert found["URL"].version == found["ALL"].version


@pytest.mark.parametrize(
    ("value", "key", "why"),
    [
        ("{}", "database_url", "is no JSON object with the key 'database_url'"),
        ("hunter2", "database_url", "is no JSON object with the key 'database_url'"),
        ('["hunter2"]', "database_url", "is no JSON object with the key 'database_url'"),
        (b"hunter2", None, "is binary: only text can be an environment variable"),
    ],
    ids=["other keys", "text", "list", "binary"],
)
def test_a_secret_of_another_shape_is_named(sky: Endpoint, value: str | bytes, key: str | None, why: str) -> None:
    """And what it holds is not shown."""
    name = f"shop/shape-{abs(hash((value, key)))}"
    with pytest.raises(SecretError) as error:
        resolve.resolve({"A": secret(sky, name, value) | {"key": key}})

    assert f"secret {name} {why}" == str(error.value)


@pytest.mark.parametrize("kind", ["ssm", "secrets_manager"])
def test_what_does_not_exist_is_named_with_its_region(sky: Endpoint, kind: str) -> None:
    """A name of another region or a slip of the pen: both show in the sentence."""
    with pytest.raises(SecretError, match=r"/no/such in eu-west-1: it does not exist; create it, or correct its name"):
        resolve.resolve({"A": {"kind": kind, "location": "/no/such", "region": "eu-west-1"}})


@pytest.mark.parametrize(
    ("kind", "code", "why"),
    [
        ("ssm", "AccessDeniedException", f"the role {Role().name} may not read it; it needs ssm:GetParameter on it"),
        (
            "secrets_manager",
            "AccessDeniedException",
            f"the role {Role().name} may not read it; it needs secretsmanager:GetSecretValue on it",
        ),
        ("secrets_manager", "DecryptionFailure", f"the role {Role().name} needs kms:Decrypt on it"),
        ("ssm", "InvalidSignatureException", "look at this host's clock"),
        ("ssm", "ParameterVersionNotFound", "there is no such version of it"),
        ("ssm", "SomethingElse", "AWS refuses with SomethingElse"),
    ],
)
def test_a_refusal_says_what_the_role_lacks(sky: Endpoint, kind: str, code: str, why: str) -> None:
    """AWS's own text stays out: nobody can promise what is in it."""
    refuses(sky, code, kind=kind)
    with pytest.raises(SecretError, match=why) as error:
        resolve.resolve({"A": {"kind": kind, "location": "/shop/x"}})

    assert VALUE not in str(error.value)


@pytest.mark.parametrize("status", [400, 500])
def test_what_passes_is_asked_again_and_then_given_up(sky: Endpoint, status: int) -> None:
    """Throttling of a fleet that starts at once is no reason to fail; for ever is."""
    refuses(sky, "ThrottlingException", status=status)
    before = len(sky.calls)
    with pytest.raises(SecretError, match=r"could not be read for 1 s: AWS says ThrottlingException"):
        resolve.resolve({"A": {"kind": "ssm", "location": "/shop/x"}}, patience=1)

    assert 2 <= len(sky.calls) - before


def test_an_instance_without_a_role_is_told_so(sky: Endpoint, me: Instance) -> None:
    """At once: nobody gives it one while we wait."""
    me.role = None
    with pytest.raises(SecretError, match="this instance has no role: give it an instance profile"):
        resolve.resolve(WANTED)


def test_a_machine_outside_of_ec2_is_told_so(sky: Endpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody answers at the address of the metadata service there."""
    monkeypatch.setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", "http://127.0.0.1:1")
    with pytest.raises(SecretError, match=r"are resolved on EC2 instances with a role: .* does not answer"):
        resolve.resolve(WANTED, patience=1)


@pytest.mark.parametrize(
    "first",
    [[(503, {}, b"")] * 2, [(429, {}, b"")], [(500, {}, b"")], [None, None]],
    ids=["503", "429", "500", "hangs up"],
)
def test_a_metadata_service_that_is_not_ready_is_asked_again(
    sky: Endpoint, monkeypatch: pytest.MonkeyPatch, first: list[Said]
) -> None:
    """It throttles, too; and at a boot the host has no network yet."""
    wanted = {"A": parameter(sky, "/shop/prod/asked-again")}
    then = [(200, {}, text.encode()) for text in ("token", "shop", Role().document(), "eu-central-1")]
    with door(*first, *then) as server:
        monkeypatch.setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", server.url)

        assert VALUE == resolve.resolve(wanted)["A"].value


def test_credentials_that_ended_are_asked_for_anew(sky: Endpoint, service: Service) -> None:
    """The metadata service has newer ones."""
    wanted = {"A": parameter(sky, "/shop/prod/expired")}
    sky.fail("ssm", "GetParameter", "ExpiredTokenException")
    found = resolve.resolve(wanted)

    assert VALUE == found["A"].value
    assert 2 == [path for _, path, _ in service.asked].count(
        f"/latest/meta-data/iam/security-credentials/{Role().name}"
    )


@pytest.mark.parametrize("said", ["<html>", "[1]", "{}", '{"Parameter": {"Version": 1}}', '{"Parameter": 3}'])
def test_answers_that_make_no_sense_are_asked_again_and_then_named(sky: Endpoint, said: str) -> None:
    """A box in between that answers 200 to everything."""
    sky.say("ssm", "GetParameter", said, times=ALWAYS)
    with pytest.raises(SecretError, match="SSM parameter /shop/x"):
        resolve.resolve(WANTED, patience=0.1)


def test_an_answer_that_breaks_off_is_named(sky: Endpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    """A connection that ends in the middle of a document is no traceback."""
    with door((200, {"Content-Length": "100"}, b'{"A"')) as server:
        monkeypatch.setenv("AWS_ENDPOINT_URL", server.url)
        with pytest.raises(SecretError, match=r"could not be read for 0.1 s: no answer \(IncompleteRead\)"):
            resolve.resolve(WANTED, patience=0.1)


def test_no_other_host_gets_what_was_signed_for_aws(sky: Endpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    """A redirect would take the token of the role along."""
    with door((200, {}, b"{}")) as other, door((302, {"Location": other.url}, b"")) as server:
        monkeypatch.setenv("AWS_ENDPOINT_URL", server.url)
        with pytest.raises(SecretError, match="AWS refuses with 302"):
            resolve.resolve(WANTED, patience=0.1)

    assert [] == other.asked


def alone(wanted: str) -> subprocess.CompletedProcess[str]:
    """As the operator's run asks it: sent along through standard input, to a Python that has nothing of ours."""
    command, program = [sys.executable, "-I", "-S", "-", wanted], sent_along(*RESOLVE)
    return subprocess.run(command, input=program, capture_output=True, text=True, check=True, env=dict(os.environ))


def test_by_itself_it_prints_versions_and_no_value(sky: Endpoint) -> None:
    """On a host that was never converged."""
    wanted = json.dumps({"A": parameter(sky, "/shop/prod/alone")})
    done = alone(wanted)

    assert ["versions"] == list(json.loads(done.stdout))
    assert VALUE not in done.stdout + done.stderr


def test_by_itself_it_prints_a_fault_as_a_sentence(sky: Endpoint) -> None:
    """The caller refuses the host with it, and nothing was changed there."""
    done = alone(json.dumps({"A": {"kind": "ssm", "location": "/no/such"}}))

    assert json.loads(done.stdout)["fault"].startswith("SSM parameter /no/such in eu-central-1: it does not exist")


def test_proxies_of_a_login_are_taken_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """sudo and systemd forget them; what is set already stays."""
    monkeypatch.setenv("https_proxy", "http://mine:1")
    monkeypatch.delenv("no_proxy", raising=False)
    file = tmp_path / "environment"
    file.write_text('https_proxy="http://other:2"\nexport no_proxy=10.0.0.0/8\nPATH=/bin\n')
    resolve.take_up_proxies(file)

    assert ("http://mine:1", "10.0.0.0/8") == (os.environ["https_proxy"], os.environ.pop("no_proxy"))
