"""Apply: in order, references filled in, nothing decided; what fails ends with the whole story."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import pytest

from slackwater.aws.apply import apply, resolve
from slackwater.aws.bundle_object import BundleObject, observe_bundle, plan_bundle
from slackwater.aws.call import Call, Joined, Ref, Upload, Wait
from slackwater.errors import CloudError
from tests.aws.resources import Lab
from tests.aws.resources import lab as start

TOPIC = Call("sns", "create_topic", {"Name": "first"}, "new", gives={"topic": "TopicArn"})


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    with start() as running:
        yield running


def carried_out(lab: Lab, *calls: Call) -> list[str]:
    said: list[str] = []
    apply(calls, lab.clients, said.append, lambda _: None)
    return said


def test_references_are_filled_in_with_what_earlier_calls_gave(lab: Lab) -> None:
    """The reply's part that the call names."""
    second = Call("sns", "create_topic", {"Name": Ref("topic", after=":")}, "new")

    assert ["1/2 sns create_topic: new", "2/2 sns create_topic: new"] == carried_out(lab, TOPIC, second)
    assert ("sns", "CreateTopic") == lab.endpoint.calls[-1]


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (Ref("arn"), "arn:x:targetgroup/web/1"),
        (Ref("arn", after=":"), "targetgroup/web/1"),
        (Joined(("app/", Ref("arn", after=":"), "/end")), "app/targetgroup/web/1/end"),
        ({"a": [Ref("arn"), {"b": (1,)}]}, {"a": ["arn:x:targetgroup/web/1", {"b": [1]}]}),
        ("plain", "plain"),
    ],
)  # fmt: skip
def test_values_are_resolved_wherever_they_stand(value: Any, words: Any) -> None:
    """In lists, in mappings, in texts."""
    assert words == resolve(value, {"arn": "arn:x:targetgroup/web/1"}, [])


def test_a_failed_call_tells_what_was_done_and_what_was_not(lab: Lab) -> None:
    """With service, method, reason and AWS's own words."""
    lab.endpoint.fail("sns", "create_topic", "Refused", after=False)
    before = Call("sns", "list_topics", {}, "a look")
    after = Call("sns", "list_topics", {}, "another look")
    with pytest.raises(CloudError) as failed:
        carried_out(lab, before, TOPIC, after)

    assert "Refused" == failed.value.code
    first, *rest = str(failed.value).splitlines()
    assert first.startswith("sns create_topic (new) failed: ")
    assert [
        "  done: sns list_topics: a look",
        "  not done: sns list_topics: another look",
        "Run it again: it goes on from what AWS holds.",
    ] == rest


def test_an_interruption_tells_the_same(lab: Lab) -> None:
    """Ctrl-C in the middle of a call: AWS may have carried it out."""

    def interrupt(_: float) -> None:
        raise KeyboardInterrupt

    wait = Wait("list_topics", {}, "length(Topics)", 99, "topics come", 60)
    with pytest.raises(CloudError, match="interrupted; AWS may have carried it out"):
        apply([Call("sns", "list_topics", {}, "a look", wait=wait)], lab.clients, lambda _: None, interrupt)


def test_throttling_is_tried_again_by_botocore(lab: Lab) -> None:
    """Three times refused is no failure."""
    lab.endpoint.fail("autoscaling", "DescribeAutoScalingGroups", "Throttling", times=3)
    asked = len(lab.endpoint.calls)
    lab.clients.ask("autoscaling", "describe_auto_scaling_groups")

    assert 4 == len(lab.endpoint.calls) - asked


def test_an_error_that_passes_by_itself_is_waited_out(lab: Lab) -> None:
    """Only one that the call names, by its code and its words."""
    lab.endpoint.fail("sns", "CreateTopic", "ResourceInUse", times=2)
    patient = Call("sns", "create_topic", {"Name": "patient"}, "new", again=("ResourceInUse: asked for this",))

    assert 2 == len([text for text in carried_out(lab, patient) if "passes by itself" in text])

    lab.endpoint.fail("sns", "CreateTopic", "ResourceInUse")
    other = Call("sns", "create_topic", {"Name": "patient"}, "new", again=("ResourceInUse: other words",))
    with pytest.raises(CloudError, match="ResourceInUse"):
        carried_out(lab, other)


def test_what_takes_time_is_waited_for_and_told(lab: Lab) -> None:
    """Until the answer is the one, or the time is over."""
    ends = Wait("list_topics", {}, "length(Topics) >= `1`", True, "topics come", 30)
    never = Wait("list_topics", {}, "length(Topics)", 99, "topics come", 30)
    assert ["1/1 sns create_topic: new"] == carried_out(
        lab, Call("sns", "create_topic", {"Name": "x"}, "new", wait=ends)
    )

    with pytest.raises(CloudError, match="topics come: not within 30 s, the last look said "):
        carried_out(lab, Call("sns", "create_topic", {"Name": "x"}, "new", wait=never))


def test_a_look_that_fails_ends_no_wait(lab: Lab) -> None:
    """One of hours must outlast a moment without the network."""
    wait = Wait("list_topics", {}, "length(Topics) >= `0`", True, "topics come", 30)
    lab.endpoint.fail("sns", "ListTopics", "InternalError", status=400)
    said = carried_out(lab, Call("sns", "create_topic", {"Name": "patience"}, "new", wait=wait))

    assert any("topics come: asked again" in line for line in said)


@pytest.mark.parametrize("code", ["AccessDenied", "ExpiredToken"])
def test_what_no_waiting_mends_ends_it(lab: Lab, code: str) -> None:
    """Rights and credentials do not come by themselves."""
    wait = Wait("list_topics", {}, "length(Topics) >= `0`", True, "topics come", 30)
    lab.endpoint.fail("sns", "ListTopics", code)

    with pytest.raises(CloudError, match="sns create_topic"):
        carried_out(lab, Call("sns", "create_topic", {"Name": "denied"}, "new", wait=wait))


def test_what_is_gone_ends_a_wait(lab: Lab) -> None:
    """AWS says so by an error for most things."""
    wait = Wait(
        "describe_load_balancers",
        {"Names": ["none"]},
        "LoadBalancers",
        [],
        "it goes",
        30,
        gone=("LoadBalancerNotFound",),
    )

    assert 1 == len(carried_out(lab, Call("elbv2", "describe_load_balancers", {}, "a look", wait=wait)))


def test_an_answer_that_lacks_what_later_calls_need_is_an_error(lab: Lab) -> None:
    """Before a later call is made with nothing in its place."""
    with pytest.raises(CloudError, match="AWS's answer lacks Nothing"):
        carried_out(lab, Call("sns", "list_topics", {}, "a look", gives={"key": "Nothing"}))


def test_a_bundle_is_uploaded_once(lab: Lab, tmp_path: Path) -> None:
    """By its hash, which S3 checks too; one that lies there is not sent again."""
    path = tmp_path / "bundle.tar.gz"
    path.write_bytes(b"a bundle")
    bundle = BundleObject(lab.ground.bucket, "fleet/b.tar.gz", path, hashlib.sha256(b"a bundle").hexdigest())
    assert observe_bundle(lab.clients, bundle) is False
    carried_out(lab, *plan_bundle(bundle, is_there=False))

    assert observe_bundle(lab.clients, bundle) is True
    assert [] == plan_bundle(bundle, is_there=True)
    found = lab.client("s3").get_object(Bucket=lab.ground.bucket, Key="fleet/b.tar.gz")["Body"].read()
    assert b"a bundle" == found


def test_a_file_that_has_changed_since_the_plan_is_not_sent(lab: Lab, tmp_path: Path) -> None:
    """It would lie under another content's name."""
    path = tmp_path / "bundle.tar.gz"
    path.write_bytes(b"another")
    upload = {
        "Bucket": lab.ground.bucket,
        "Key": "changed",
        "Body": Upload(path, hashlib.sha256(b"a bundle").hexdigest()),
    }
    asked = len(lab.endpoint.calls)

    with pytest.raises(CloudError, match="has changed since the plan was made: plan again"):
        carried_out(lab, Call("s3", "put_object", upload, "new"))
    assert asked == len(lab.endpoint.calls)


def test_files_are_opened_for_their_call() -> None:
    """And handed to whoever closes them."""
    files: list[IO[bytes]] = []
    path = Path(__file__)
    opened = resolve(Upload(path, hashlib.sha256(path.read_bytes()).hexdigest()), {}, files)
    content = opened.read()
    files[0].close()

    assert [opened] == files
    assert isinstance(opened, io.BufferedReader)
    assert path.read_bytes() == content
