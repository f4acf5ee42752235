"""EC2's operations on instances where moto's are not enough."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from botocore.exceptions import ClientError

from slackwater.lab.cloud.errors import AwsError
from slackwater.lab.cloud.scaling.engine import Engine
from slackwater.lab.cloud.targets import Targets
from slackwater.lab.cloud.wire.service import Arguments


class Instances:
    """A group notices that a member of it was terminated."""

    def __init__(self, ec2: Callable[[], Any], engine: Engine, targets: Targets) -> None:
        self._ec2, self.engine, self.targets = ec2, engine, targets

    def run_instances(self, asked: Arguments) -> Mapping[str, Any]:
        """moto launches MinCount of them and drops most of what a template says."""
        if "LaunchTemplate" in asked:
            raise AwsError("UnsupportedOperation", "the lab's cloud launches from a template only in a group")
        return passed_on(self._ec2().run_instances, {**asked, "MinCount": asked["MaxCount"]})

    def terminate_instances(self, asked: Arguments) -> Mapping[str, Any]:
        said = passed_on(self._ec2().terminate_instances, asked)
        for instance in asked["InstanceIds"]:
            self.targets.forget(instance)
            self.engine.lost(instance)
        return said


def passed_on(call: Any, asked: Arguments) -> dict[str, Any]:
    """moto's answer, or its refusal as our own."""
    try:
        answer = call(**asked)
    except ClientError as error:
        raise AwsError(error.response["Error"]["Code"], error.response["Error"]["Message"]) from error
    return {name: value for name, value in answer.items() if name != "ResponseMetadata"}
