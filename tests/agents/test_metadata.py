"""What an instance reads of itself: tokens that never run out, one connection, credentials of its role."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import islice

import pytest

from slackwater.agents import metadata as module
from slackwater.agents.metadata import Keys, Metadata, MetadataError, NoRoleError, pauses
from slackwater.lab.metadata import Instance, Role, Service, listening, serving
from tests.agents.door import Kept, Said, door

TOKENS = "/latest/api/token"
TOKEN: Said = (200, {}, b"token")
NAME: Said = (200, {}, b"i-1")


class Clock:
    """Seconds; a test sets them."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def service(me: Instance, clock: Clock) -> Iterator[Service]:
    with serving(listening(), lambda _: me, clock) as found:
        yield found


@pytest.fixture
def metadata(service: Service, clock: Clock) -> Metadata:
    return Metadata(service.url, clock)


def paths(service: Service) -> list[tuple[str, int]]:
    return [(path, status) for _, path, status in service.asked]


def test_it_is_read_with_a_token(metadata: Metadata, me: Instance, service: Service) -> None:
    """Of version 2, the only one that is spoken; one token is enough for all questions."""
    found = [metadata.get("instance-id"), metadata.get("spot/instance-action"), metadata.get("placement/region")]

    assert [me.id, None, "eu-central-1"] == found
    assert [TOKENS, 1] == [service.asked[0][1], [path for path, _ in paths(service)].count(TOKENS)]


def test_a_token_is_renewed_at_half_of_its_life(metadata: Metadata, clock: Clock, service: Service) -> None:
    """Whoever waits until it is refused loses a question, and an agent has none to lose in the last two minutes."""
    for passed in (0.0, module.LIFE / 2 - 1, 2.0, module.LIFE / 2 + 1, module.LIFE * 3):
        clock.now += passed
        metadata.get("instance-id")

    assert 4 == [path for path, _ in paths(service)].count(TOKENS)
    assert {200} == {status for _, status in paths(service)}


def test_a_token_that_is_refused_is_renewed_once(metadata: Metadata, me: Instance, service: Service) -> None:
    """An instance that was stopped and started; its service knows nothing of the former token."""
    first = metadata.get("instance-id")
    service.forget()

    assert (me.id, me.id) == (first, metadata.get("instance-id"))


def test_who_takes_no_token_is_an_error() -> None:
    """It must not be asked for ever."""
    no: Said = (401, {}, b"")
    with door(TOKEN, no, TOKEN, no) as server, pytest.raises(MetadataError, match="answers with 401") as error:
        Metadata(server.url).get("instance-id")

    assert 401 == error.value.status
    assert 4 == len(server.asked)


@pytest.mark.parametrize("answers", [[(503, {}, b"")], [TOKEN, (503, {}, b"")]], ids=["token", "question"])
def test_a_service_that_is_busy_is_an_error_with_its_status(answers: list[Said]) -> None:
    """Whoever asks decides whether to ask again; nothing is worse than to read it as "no such thing"."""
    with door(*answers) as server, pytest.raises(MetadataError, match="answers with 503") as error:
        Metadata(server.url).get("spot/instance-action")

    assert 503 == error.value.status


def test_nobody_at_the_address_is_an_error() -> None:
    """A machine outside of EC2."""
    with pytest.raises(MetadataError, match=r"127.0.0.1:1 does not answer: ConnectionRefusedError") as error:
        Metadata("http://127.0.0.1:1").get("instance-id")

    assert 0 == error.value.status


def test_an_address_that_is_none_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """It comes from the environment, and is named."""
    monkeypatch.setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", "http://127.0.0.1:port")
    with pytest.raises(MetadataError, match=r"http://127.0.0.1:port does not answer: ValueError"):
        Metadata().get("instance-id")


def test_all_questions_go_through_one_connection() -> None:
    """An agent asks every two seconds for as long as the instance lives."""
    with door(TOKEN, NAME, kind=Kept) as server:
        metadata = Metadata(server.url)
        found = [metadata.get("instance-id") for _ in range(5)]

    assert (["i-1"] * 5, 1) == (found, server.connections)


def test_a_connection_that_was_closed_meanwhile_is_made_again() -> None:
    """The service ends those that were silent for a while; that is no fault of anybody's."""
    with door(TOKEN, NAME, None, NAME, kind=Kept) as server:
        metadata = Metadata(server.url)
        found = [metadata.get("instance-id") for _ in range(2)]

    assert (["i-1", "i-1"], 2) == (found, server.connections)


def test_a_connection_that_is_closed_at_once_is_an_error() -> None:
    """And the next question goes through a new one."""
    with door(TOKEN, None, NAME) as server:
        metadata = Metadata(server.url)
        with pytest.raises(MetadataError, match="does not answer"):
            metadata.get("instance-id")

        assert "i-1" == metadata.get("instance-id")


def test_half_an_answer_is_none() -> None:
    """A state that was cut off must not pass for another one."""
    with door(TOKEN, (200, {"Content-Length": "50"}, b"Terminated:W"), NAME) as server:
        metadata = Metadata(server.url)
        with pytest.raises(MetadataError, match="IncompleteRead"):
            metadata.get("autoscaling/target-lifecycle-state")

        assert "i-1" == metadata.get("instance-id")


def test_it_never_goes_through_a_proxy(metadata: Metadata, me: Instance, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its address is the machine's own: a proxy would answer with its own identity, or not at all."""
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")

    assert me.id == metadata.get("instance-id")


def test_the_address_is_that_of_the_sdks(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    """The variable that boto3 reads too."""
    monkeypatch.setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", service.url + "/")

    assert service.url == Metadata().address
    monkeypatch.delenv("AWS_EC2_METADATA_SERVICE_ENDPOINT")
    assert module.METADATA == Metadata().address


def test_an_instance_waits_for_its_name() -> None:
    """Half an answer is none, and no end of the boot."""
    with door((200, {"Content-Length": "50"}, b"i-"), TOKEN, NAME) as server:
        assert "i-1" == Metadata(server.url).instance()


def test_credentials_are_kept_for_a_while(metadata: Metadata, me: Instance, clock: Clock) -> None:
    """The service hands out new ones long before the old ones end."""
    first = metadata.keys()
    me.role = Role(access_key="ASIANEW")
    kept = metadata.keys()
    clock.now += module.RENEW + 1

    assert Keys("slackwater-lab", "ASIALAB", "lab", "lab") == first == kept
    assert "ASIANEW" == metadata.keys().access


def test_credentials_that_were_refused_are_asked_for_anew(metadata: Metadata, me: Instance) -> None:
    """A role that was replaced: those of the former one are worth nothing from then on."""
    metadata.keys()
    me.role = Role(access_key="ASIANEW")
    metadata.forget_keys()

    assert "ASIANEW" == metadata.keys().access


def test_a_token_that_cannot_be_renewed_is_used_on(clock: Clock) -> None:
    """It is asked for at half of its life, so that there is as long to ask again."""
    with door(TOKEN, NAME, (503, {}, b""), NAME, (200, {}, b"new"), NAME) as server:
        metadata = Metadata(server.url, clock)
        found = [metadata.get("instance-id")]
        clock.now += module.LIFE / 2 + 1
        found += [metadata.get("instance-id"), metadata.get("instance-id"), metadata.get("instance-id")]

    assert 4 * ["i-1"] == found
    assert ["token", "token", "new", "new"] == [said[module.TOKEN] for _, said in server.asked if module.TOKEN in said]


def test_credentials_are_not_shown() -> None:
    """Wherever they are printed by mistake: neither the key's secret nor its token."""
    assert "Keys(role='shop', access='ASIALAB')" == repr(Keys("shop", "ASIALAB", "hunter2", "hunter3"))


def test_an_instance_without_a_role_has_no_credentials(metadata: Metadata, me: Instance) -> None:
    """Its launch template lacks the instance profile."""
    me.role = None
    with pytest.raises(NoRoleError, match="must name an instance profile"):
        metadata.keys()


@pytest.mark.parametrize(
    "document",
    ["<html>", "[]", "3", json.dumps({"Code": "AssumeRoleUnauthorizedAccess"}), json.dumps({"AccessKeyId": "ASIALAB"})],
)
def test_a_role_without_credentials_is_named(document: str) -> None:
    """The service answers 200 for a role that cannot be assumed, too; what it said is not kept."""
    good = json.dumps({"AccessKeyId": "ASIALAB", "SecretAccessKey": "s", "Token": "t"}).encode()
    with door(TOKEN, (200, {}, b"shop"), (200, {}, document.encode()), (200, {}, b"shop"), (200, {}, good)) as server:
        metadata = Metadata(server.url)
        with pytest.raises(LookupError, match="role shop gives no credentials"):
            metadata.keys()

        assert "ASIALAB" == metadata.keys().access


def test_pauses_grow_up_to_a_bound() -> None:
    """Who is throttled asks less; what is found again is found soon; no two hosts keep step."""
    waits, others = (list(islice(pauses(), 20)) for _ in range(2))

    assert module.PAUSE * 1.5 >= waits[0]
    assert module.LONGEST_PAUSE * 0.5 <= waits[-1] <= module.LONGEST_PAUSE * 1.5
    assert waits != others
