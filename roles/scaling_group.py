"""The cloud half: the Auto Scaling group of the fleet, with its launch template and all that belongs to it."""

from pyinfra.api import deploy

from slackwater.aws.operations import called, planned, unchanged


@deploy("scaling_group")
def scaling_group() -> None:
    """On the host `cloud`, which is this machine. A dry run shows each call; `slackwater plan` shows the same."""
    steps = planned()
    unchanged(name="plan", steps=steps)
    for index, name in enumerate(steps.names):
        called(name=name, steps=steps, index=index)
