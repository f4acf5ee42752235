"""Secrets: names in the settings; where each is read, and what a bad name is told."""

from __future__ import annotations

import pytest

from slackwater import Secret
from slackwater.errors import SettingsError

ARN = "arn:aws:ssm:eu-west-1:123456789012:parameter/shop/prod/url"
SECRET_ARN = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:shop/prod-AbCdEf"


@pytest.mark.parametrize(
    "secret",
    [
        Secret.ssm("/shop/prod/database-url"),
        Secret.ssm("plain"),
        Secret.ssm(ARN, version=3),
        Secret.secrets_manager("shop/prod", key="database_url"),
        Secret.secrets_manager(SECRET_ARN, region="eu-west-1"),
    ],
    ids=lambda secret: secret.location,
)
def test_a_secret_of_aws_holds_names_alone(secret: Secret) -> None:
    """What the host is told of it: enough to ask, nothing to hide."""
    assert secret.is_of_the_instance
    assert {"kind", "location", "key", "version", "region"} == set(secret.reference())


@pytest.mark.parametrize("secret", [Secret.environment("A"), Secret.file("a")], ids=lambda secret: secret.kind)
def test_a_secret_of_the_operators_machine_is_read_there(secret: Secret) -> None:
    """The host is sent its value."""
    assert not secret.is_of_the_instance


def test_a_secret_of_aws_cannot_be_read_on_the_operators_machine() -> None:
    """A certificate's key is sent by the operator: the sentence names what can stand there."""
    with pytest.raises(SettingsError, match=r"is known to instances only; what is needed here is Secret\.environment"):
        Secret.ssm("/shop/key").read()


@pytest.mark.parametrize("name", ["", "with space", "semi;colon", "a" * 1012, "arn:aws:s3:::bucket"])
def test_a_bad_name_of_a_parameter_is_told_what_is_allowed(name: str) -> None:
    """Before AWS is asked for it."""
    with pytest.raises(SettingsError, match="must be a parameter's name such as '/shop/prod/database-url', or its ARN"):
        Secret.ssm(name)


@pytest.mark.parametrize("name", ["", "with space", ARN])
def test_a_bad_name_of_a_secret_is_told_what_is_allowed(name: str) -> None:
    """Also one that is a parameter's."""
    with pytest.raises(SettingsError, match="must be a secret's name such as 'shop/prod', or its ARN"):
        Secret.secrets_manager(name)


def test_a_version_and_a_region_are_checked() -> None:
    """Both faults at once."""
    with pytest.raises(SettingsError) as error:
        Secret.ssm("/a", version=0, region="Frankfurt")

    assert 2 == len(str(error.value).splitlines())
