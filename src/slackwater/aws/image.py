"""Image: the id of the image that an instance boots from, looked up when the plan is made."""

from __future__ import annotations

from slackwater.aws.clients import Clients
from slackwater.errors import CloudError
from slackwater.settings import Image

UNKNOWN = "ParameterNotFound"


def observe_image(clients: Clients, image: Image) -> str:
    """A template that named the parameter itself could not be rolled back: AWS refuses that of such a group."""
    return image.value if image.kind == "id" else _parameter(clients, image.value)


def _parameter(clients: Clients, name: str) -> str:
    try:
        found = str(clients.ask("ssm", "get_parameter", Name=name)["Parameter"]["Value"])
    except CloudError as error:
        if error.code != UNKNOWN:
            raise
        raise CloudError(f"scaling_group.image = {name!r} is no parameter in {clients.region}", UNKNOWN) from error
    if not found.startswith("ami-"):
        raise CloudError(f"scaling_group.image = {name!r} holds {found!r}; it must hold an image's id, 'ami-…'")
    return found
