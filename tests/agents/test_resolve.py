"""Secrets of AWS on an instance: its own role asks, moto answers over HTTP; faults name the secret, never a value."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from slackwater.agents.slots import resolve
from slackwater.agents.slots.resolve import Call, Role, SecretError
from tests.agents.metadata import ROLE, metadata
from tests.agents.upstreams.cloud import Cloud

VALUE = "postgres://shop:hunter2@db/shop"
ROLE_OF = Role("shop-instances", "eu-central-1", "ASIAKEY", "the-secret-key", "the-token")
FILE = Path(resolve.__file__)


@pytest.fixture(scope="module")
def sky() -> Iterator[Cloud]:
    made = Cloud()
    yield made
    made.stop()


@pytest.fixture
def cloud(sky: Cloud, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cloud]:
    sky.fault = None
    monkeypatch.setenv("AWS_ENDPOINT_URL", sky.url)
    with metadata() as address:
        monkeypatch.setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", address)
        yield sky


def parameter(cloud: Cloud, name: str, value: str = VALUE) -> dict[str, Any]:
    cloud.client("ssm").put_parameter(Name=name, Value=value, Type="SecureString", Overwrite=True)
    return {"kind": "ssm", "location": name}


def secret(cloud: Cloud, name: str, value: str | bytes) -> dict[str, Any]:
    content = {"SecretString": value} if isinstance(value, str) else {"SecretBinary": value}
    cloud.client("secretsmanager").create_secret(Name=name, **content)
    return {"kind": "secrets_manager", "location": name}


def refuses(code: str, status: str = "400 Bad Request") -> Callable[[Any], Iterable[bytes]]:
    def answer(start_response: Any) -> Iterable[bytes]:
        start_response(status, [("Content-Type", "application/x-amz-json-1.1")])
        return [json.dumps({"__type": f"com.amazon#{code}", "message": f"User: x is not authorized {VALUE}"}).encode()]

    return answer


def test_a_parameter_is_decrypted_and_its_version_moves_with_its_value(cloud: Cloud) -> None:
    """The version says that the value is another one, and nothing about it."""
    wanted = {"DATABASE_URL": parameter(cloud, "/shop/prod/moves")}
    first = resolve.resolve(wanted)["DATABASE_URL"]
    parameter(cloud, "/shop/prod/moves", "another")
    second = resolve.resolve(wanted)["DATABASE_URL"]

    assert (VALUE, "another") == (first.value, second.value)
    assert first.version != second.version
    assert VALUE not in repr(first) + first.version


def test_the_same_value_has_the_same_version(cloud: Cloud) -> None:
    """A converge that changes nothing makes no new slot."""
    wanted = {"A": parameter(cloud, "/shop/prod/same"), "B": secret(cloud, "shop/same", "x")}
    before, after = ({name: one.version for name, one in resolve.resolve(wanted).items()} for _ in range(2))

    assert before == after


def test_a_version_that_is_asked_for_is_the_one_that_comes(cloud: Cloud) -> None:
    """A parameter that moved on does not move a host that was told to stay."""
    wanted = {"A": parameter(cloud, "/shop/prod/pinned", "one") | {"version": 1}}
    parameter(cloud, "/shop/prod/pinned", "two")

    assert "one" == resolve.resolve(wanted)["A"].value


def test_values_of_one_secret_are_one_question(cloud: Cloud) -> None:
    """A JSON object of many values costs one call, so that a fleet is not throttled."""
    whole = secret(cloud, "shop/prod", json.dumps({"database_url": VALUE, "workers": 3}))
    before = cloud.asked
    found = resolve.resolve({"URL": whole | {"key": "database_url"}, "N": whole | {"key": "workers"}, "ALL": whole})

    assert (VALUE, "3") == (found["URL"].value, found["N"].value)
    assert 1 == cloud.asked - before
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
def test_a_secret_of_another_shape_is_named(cloud: Cloud, value: str | bytes, key: str | None, why: str) -> None:
    """And what it holds is not shown."""
    name = f"shop/shape-{abs(hash((value, key)))}"
    with pytest.raises(SecretError) as error:
        resolve.resolve({"A": secret(cloud, name, value) | {"key": key}})

    assert f"secret {name} {why}" == str(error.value)


@pytest.mark.parametrize("kind", ["ssm", "secrets_manager"])
def test_what_does_not_exist_is_named_with_its_region(cloud: Cloud, kind: str) -> None:
    """A name of another region or a slip of the pen: both show in the sentence."""
    with pytest.raises(SecretError, match=r"/no/such in eu-west-1: it does not exist; create it, or correct its name"):
        resolve.resolve({"A": {"kind": kind, "location": "/no/such", "region": "eu-west-1"}})


@pytest.mark.parametrize(
    ("kind", "code", "why"),
    [
        ("ssm", "AccessDeniedException", f"the role {ROLE} may not read it; it needs ssm:GetParameter on it"),
        (
            "secrets_manager",
            "AccessDeniedException",
            f"the role {ROLE} may not read it; it needs secretsmanager:GetSecretValue on it",
        ),
        ("secrets_manager", "DecryptionFailure", f"the role {ROLE} needs kms:Decrypt on it"),
        ("ssm", "InvalidSignatureException", "look at this host's clock"),
        ("ssm", "ParameterVersionNotFound", "there is no such version of it"),
        ("ssm", "SomethingElse", "AWS refuses with SomethingElse"),
    ],
)
def test_a_refusal_says_what_the_role_lacks(cloud: Cloud, kind: str, code: str, why: str) -> None:
    """AWS's own text stays out: nobody can promise what is in it."""
    cloud.fault = refuses(code)
    with pytest.raises(SecretError, match=why) as error:
        resolve.resolve({"A": {"kind": kind, "location": "/shop/x"}})

    assert VALUE not in str(error.value)


@pytest.mark.parametrize("status", ["400 Bad Request", "500 Internal Server Error"])
def test_what_passes_is_asked_again_and_then_given_up(cloud: Cloud, status: str) -> None:
    """Throttling of a fleet that starts at once is no reason to fail; for ever is."""
    cloud.fault, before = refuses("ThrottlingException", status), cloud.asked
    with pytest.raises(SecretError, match=r"could not be read for 1 s: AWS says ThrottlingException"):
        resolve.resolve({"A": {"kind": "ssm", "location": "/shop/x"}}, patience=1)

    assert 2 <= cloud.asked - before


def test_an_instance_without_a_role_is_told_so(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    """The metadata service answers 404 where there is no instance profile."""
    with metadata({}) as address:
        monkeypatch.setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", address)
        with pytest.raises(SecretError, match="this instance has no role: give it an instance profile"):
            resolve.resolve({"A": {"kind": "ssm", "location": "/shop/x"}})


def test_a_machine_outside_of_ec2_is_told_so(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody answers at the address of the metadata service there."""
    monkeypatch.setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", "http://127.0.0.1:1")
    with pytest.raises(SecretError, match="are resolved on EC2 instances with a role"):
        resolve.resolve({"A": {"kind": "ssm", "location": "/shop/x"}}, patience=1)


@pytest.mark.parametrize("refusals", [[503, 503], [429], [500]], ids=str)
def test_a_metadata_service_that_is_not_ready_is_asked_again(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch, refusals: list[int]
) -> None:
    """It throttles, too, and its faults pass."""
    wanted = {"A": parameter(cloud, "/shop/prod/asked-again")}
    with metadata(refusals=refusals) as address:
        monkeypatch.setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", address)

        assert VALUE == resolve.resolve(wanted)["A"].value


def test_a_network_that_comes_late_is_waited_for(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    """At a boot the host has no address yet."""
    wanted = {"A": parameter(cloud, "/shop/prod/late")}
    with metadata() as late, Gate(late) as gate:
        monkeypatch.setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", gate.url)

        assert VALUE == resolve.resolve(wanted)["A"].value
    assert 2 <= gate.refused


class Gate:
    """A port that hangs up on those who come first, and lets the others through to `beyond`."""

    def __init__(self, beyond: str) -> None:
        self.host, port = beyond.removeprefix("http://").split(":")
        self.beyond, self.refused = (self.host, int(port)), 0
        self.door = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.door.getsockname()[1]}"
        self.thread = Thread(target=self._let, daemon=True)

    def __enter__(self) -> Gate:
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.door.shutdown(socket.SHUT_RDWR)
        self.door.close()

    def _let(self) -> None:
        with suppress(OSError):
            while True:
                guest, _ = self.door.accept()
                with guest:
                    if self.refused < 2:
                        self.refused += 1
                    else:
                        self._carry(guest)

    def _carry(self, guest: socket.socket) -> None:
        with socket.create_connection(self.beyond) as host:
            host.sendall(guest.recv(65536))
            while data := host.recv(65536):
                guest.sendall(data)


def test_answers_that_make_no_sense_are_asked_again_and_then_named(cloud: Cloud) -> None:
    """A box in between that answers 200 to everything."""
    for said in (b"<html>", b"[1]", b"{}", b'{"Parameter": {"Version": 1}}', b'{"Parameter": 3}'):
        cloud.fault = answers(said)
        with pytest.raises(SecretError, match="SSM parameter /shop/x"):
            resolve.resolve({"A": {"kind": "ssm", "location": "/shop/x"}}, patience=0.1)


def test_an_answer_that_breaks_off_is_named(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    """A connection that ends in the middle of a document is no traceback."""
    with socket.create_server(("127.0.0.1", 0)) as door:
        Thread(target=break_off, args=(door,), daemon=True).start()
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{door.getsockname()[1]}")
        with pytest.raises(SecretError, match="SSM parameter /shop/x could not be read"):
            resolve.resolve({"A": {"kind": "ssm", "location": "/shop/x"}}, patience=0.1)


def test_a_metadata_service_that_breaks_off_is_named(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is a process of somebody's, too."""
    with socket.create_server(("127.0.0.1", 0)) as door:
        Thread(target=break_off, args=(door,), daemon=True).start()
        monkeypatch.setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", f"http://127.0.0.1:{door.getsockname()[1]}")
        with pytest.raises(SecretError, match="the instance's metadata service does not answer"):
            resolve.resolve({"A": {"kind": "ssm", "location": "/shop/x"}}, patience=0.1)


def answers(said: bytes) -> Callable[[Any], Iterable[bytes]]:
    def answer(start_response: Any) -> Iterable[bytes]:
        start_response("200 OK", [("Content-Type", "application/x-amz-json-1.1")])
        return [said]

    return answer


def break_off(door: socket.socket) -> None:
    """Promises a hundred bytes and sends four, to everybody."""
    with suppress(OSError):
        while True:
            guest, _ = door.accept()
            with guest:
                guest.recv(65536)
                guest.sendall(b'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"A"')


def test_the_signature_is_the_one_that_botocore_makes() -> None:
    """moto looks at no signature, AWS does."""
    call = Call(
        "ssm", "eu-central-1", "https://ssm.eu-central-1.amazonaws.com/", "AmazonSSM.GetParameter", b'{"Name": "x"}'
    )
    ours = resolve.signed(ROLE_OF, call)
    authorization = ours.pop("authorization")
    theirs = AWSRequest(
        "POST", call.url, headers={key: value for key, value in ours.items() if key != "host"}, data=call.body
    )
    theirs.context["timestamp"] = ours["x-amz-date"]
    auth = SigV4Auth(Credentials("ASIAKEY", "the-secret-key"), "ssm", "eu-central-1")
    signature = auth.signature(auth.string_to_sign(theirs, auth.canonical_request(theirs)), theirs)

    assert f"Signature={signature}" == authorization.rpartition(", ")[2]


def test_by_itself_it_prints_versions_and_no_value(cloud: Cloud) -> None:
    """As the operator's run asks it: sent along through standard input, on a host that has nothing of ours."""
    wanted = json.dumps({"A": parameter(cloud, "/shop/prod/alone")})
    command = [sys.executable, "-I", "-", wanted]
    done = subprocess.run(
        command, input=FILE.read_text(), capture_output=True, text=True, check=True, env=dict(os.environ)
    )

    assert ["versions"] == list(json.loads(done.stdout))
    assert VALUE not in done.stdout + done.stderr


def test_by_itself_it_prints_a_fault_as_a_sentence(cloud: Cloud) -> None:
    """The caller refuses the host with it, and nothing was changed there."""
    command = [sys.executable, "-I", "-", json.dumps({"A": {"kind": "ssm", "location": "/no/such"}})]
    done = subprocess.run(
        command, input=FILE.read_text(), capture_output=True, text=True, check=True, env=dict(os.environ)
    )

    assert json.loads(done.stdout)["fault"].startswith("SSM parameter /no/such in eu-central-1: it does not exist")


def test_proxies_of_a_login_are_taken_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """sudo and systemd forget them; what is set already stays."""
    monkeypatch.setenv("https_proxy", "http://mine:1")
    monkeypatch.delenv("no_proxy", raising=False)
    file = tmp_path / "environment"
    file.write_text('https_proxy="http://other:2"\nexport no_proxy=10.0.0.0/8\nPATH=/bin\n')
    resolve.take_up_proxies(file)

    assert ("http://mine:1", "10.0.0.0/8") == (os.environ["https_proxy"], os.environ.pop("no_proxy"))
