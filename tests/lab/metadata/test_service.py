"""The metadata service answers as EC2's does when only version 2 is allowed."""

from __future__ import annotations

import gzip
import http.client
import socket
import struct
import threading
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from slackwater.errors import LabError
from slackwater.lab.metadata import Instance, Role, Service, listening, serving

TTL, TOKEN = "X-aws-ec2-metadata-token-ttl-seconds", "X-aws-ec2-metadata-token"


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def me() -> Instance:
    return Instance("i-0123456789abcdef0", "127.0.0.1", user_data="#cloud-config\n")


@pytest.fixture
def service(me: Instance, clock: Clock) -> Iterator[Service]:
    other = Instance("i-other", "127.0.0.2")
    with serving(listening(), {each.address: each for each in (me, other)}.get, clock) as found:
        yield found


def ask(service: Service, method: str, path: str, source: str = "127.0.0.1", **headers: str) -> tuple[int, str]:
    place = urlsplit(service.url)
    connection = http.client.HTTPConnection(str(place.hostname), place.port, timeout=5, source_address=(source, 0))
    connection.request(method, path, headers={name.replace("_", "-"): value for name, value in headers.items()})
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    return answer.status, text


def token(service: Service, seconds: str = "60", source: str = "127.0.0.1") -> str:
    status, text = ask(service, "PUT", "/latest/api/token", source, **{TTL: seconds})
    assert 200 == status
    return text


def look(service: Service, path: str, source: str = "127.0.0.1") -> tuple[int, str]:
    return ask(service, "GET", f"/latest/{path}", source, **{TOKEN: token(service, source=source)})


@pytest.mark.parametrize("life", ["", "0", "21601", "-1", "1.5", "²", "soon"])
def test_a_token_lives_between_a_second_and_six_hours(service: Service, life: str) -> None:
    """Everything else is a bad request."""
    assert 400 == ask(service, "PUT", "/latest/api/token", **{TTL: life})[0]


def test_a_question_without_a_token_is_refused(service: Service) -> None:
    """As for an instance whose launch template says HttpTokens=required."""
    assert 401 == ask(service, "GET", "/latest/meta-data/instance-id")[0]
    assert 401 == ask(service, "GET", "/latest/meta-data/instance-id", **{TOKEN: "made up"})[0]


def test_a_token_ends(service: Service, clock: Clock) -> None:
    """Whoever keeps one must be ready to ask for another."""
    mine = token(service, "60")
    clock.now = 59.9
    before = ask(service, "GET", "/latest/meta-data/instance-id", **{TOKEN: mine})
    clock.now = 60.1

    assert (200, "i-0123456789abcdef0") == before
    assert 401 == ask(service, "GET", "/latest/meta-data/instance-id", **{TOKEN: mine})[0]


def test_a_token_is_worth_nothing_on_another_instance(service: Service) -> None:
    """Instances are told apart by their addresses."""
    mine = token(service)

    assert 401 == ask(service, "GET", "/latest/meta-data/instance-id", "127.0.0.2", **{TOKEN: mine})[0]
    assert (200, "i-other") == look(service, "meta-data/instance-id", "127.0.0.2")


def test_a_token_is_not_given_to_somebody_behind_a_proxy(service: Service) -> None:
    """An open proxy on the instance must not hand its role to the world."""
    headers = {TTL: "60", "X-Forwarded-For": "203.0.113.1"}

    assert 403 == ask(service, "PUT", "/latest/api/token", **headers)[0]


def test_a_token_has_no_version(service: Service) -> None:
    """Only /latest/ has the path."""
    assert 403 == ask(service, "PUT", "/2021-03-23/api/token", **{TTL: "60"})[0]


def test_nobody_posts(service: Service) -> None:
    """Metadata are read."""
    assert 405 == ask(service, "POST", "/latest/meta-data/instance-id")[0]
    assert 405 == ask(service, "DELETE", "/latest/api/token")[0]


def test_switched_off_it_answers_nobody(service: Service, me: Instance) -> None:
    """HttpEndpoint=disabled: not even a token."""
    mine = token(service)
    me.enabled = False

    assert 403 == ask(service, "PUT", "/latest/api/token", **{TTL: "60"})[0]
    assert 403 == ask(service, "GET", "/latest/meta-data/instance-id", **{TOKEN: mine})[0]


@pytest.mark.parametrize(
    "path",
    [
        "meta-data/autoscaling/target-lifecycle-state",
        "meta-data/spot/instance-action",
        "meta-data/events/recommendations/rebalance",
        "meta-data/nothing",
        "meta-data/instance-id/deeper",
    ],
)
def test_what_is_not_there_is_404(service: Service, path: str) -> None:
    """Without a group, a notice or a recommendation there is no such path."""
    assert 404 == look(service, path)[0]


def test_what_the_cloud_sets_is_seen_at_once(service: Service, me: Instance) -> None:
    """A drain agent polls these three."""
    me.target = "Terminated"
    me.spot = '{"action": "terminate", "time": "2026-11-21T10:02:00Z"}'
    me.rebalance = '{"noticeTime": "2026-11-21T10:00:00Z"}'

    assert (200, "Terminated") == look(service, "meta-data/autoscaling/target-lifecycle-state")
    assert (200, me.spot) == look(service, "meta-data/spot/instance-action")
    assert (200, me.rebalance) == look(service, "meta-data/events/recommendations/rebalance")


def test_a_folder_lists_its_names(service: Service) -> None:
    """Names of folders end in a slash; an SDK finds the role's name so."""
    assert (200, "slackwater-lab") == look(service, "meta-data/iam/security-credentials/")
    assert "placement/" in look(service, "meta-data/")[1].splitlines()


def test_an_instance_without_a_role_has_no_credentials(service: Service, me: Instance) -> None:
    """A launch template without an instance profile."""
    me.role = None

    assert 404 == look(service, "meta-data/iam/security-credentials/")[0]


def test_boto3_takes_the_roles_credentials(service: Service, me: Instance, monkeypatch: pytest.MonkeyPatch) -> None:
    """The real client of the real service reads what we write."""
    from botocore.session import Session

    me.role = Role(access_key="ASIAREAL", secret_key="s3", token="t0")
    monkeypatch.delenv("AWS_EC2_METADATA_DISABLED", raising=False)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", service.url)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    found = Session().get_credentials().get_frozen_credentials()

    assert ("ASIAREAL", "s3", "t0") == (found.access_key, found.secret_key, found.token)


def test_user_data_comes_as_it_was_given(service: Service) -> None:
    """cloud-init reads it under a dated version."""
    mine = token(service)

    assert (200, "#cloud-config\n") == ask(service, "GET", "/2021-03-23/user-data", **{TOKEN: mine})
    assert 404 == ask(service, "GET", "/1999-01-01/user-data", **{TOKEN: mine})[0]


def test_user_data_may_be_bytes(service: Service, me: Instance) -> None:
    """AWS hands out what it was given, compressed or not."""
    me.user_data = gzip.compress(b"#cloud-config\n")
    place = urlsplit(service.url)
    connection = http.client.HTTPConnection(str(place.hostname), place.port, timeout=5)
    connection.request("GET", "/latest/user-data", headers={TOKEN: token(service)})
    found = connection.getresponse().read()
    connection.close()

    assert b"#cloud-config\n" == gzip.decompress(found)


def test_head_answers_without_a_body(service: Service) -> None:
    """GET and HEAD are all that is read with."""
    assert (200, "") == ask(service, "HEAD", "/latest/meta-data/", **{TOKEN: token(service)})


def test_what_was_asked_is_kept(service: Service) -> None:
    """A test sees whether a program ever came without a token."""
    ask(service, "GET", "/latest/meta-data/mac")

    assert ("i-0123456789abcdef0", "/latest/meta-data/mac", 401) == service.asked[-1]


def test_an_address_that_is_taken_is_said(service: Service) -> None:
    """The sentence names it."""
    port = urlsplit(service.url).port

    with pytest.raises(LabError, match=f"127.0.0.1:{port}"):
        listening("127.0.0.1", port)


def test_a_machine_that_ends_in_the_midst_of_a_question_is_no_failure(capfd: pytest.CaptureFixture[str]) -> None:
    """Its connection is reset before the answer; nobody has to read of it."""
    asked, may_answer = threading.Event(), threading.Event()

    def find(address: str) -> None:
        asked.set()
        may_answer.wait(10)

    with serving(listening(), find) as service:
        place = urlsplit(service.url)
        with socket.create_connection((str(place.hostname), int(place.port or 0))) as machine:
            machine.sendall(b"GET /latest/ HTTP/1.1\r\nHost: x\r\n\r\n")
            assert asked.wait(10)
            machine.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        answering = [thread for thread in threading.enumerate() if "process_request" in thread.name]
        may_answer.set()
        for thread in answering:
            thread.join(10)

    assert answering
    assert "" == capfd.readouterr().err
