"""EC2's operations on instances: moto's books, and what becomes of the machines."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from typing import Any

from botocore.exceptions import ClientError

from slackwater.lab.cloud.errors import AwsError
from slackwater.lab.cloud.machines.registry import Registry
from slackwater.lab.cloud.scaling.engine import Engine
from slackwater.lab.cloud.targets import Targets
from slackwater.lab.cloud.wire.service import Arguments


class Instances:
    """A group notices by itself that a member of it is off."""

    def __init__(self, ec2: Callable[[], Any], engine: Engine, targets: Targets) -> None:
        self._ec2, self.engine, self.targets = ec2, engine, targets

    @property
    def registry(self) -> Registry:
        return self.engine.launcher.registry

    def run_instances(self, asked: Arguments) -> Mapping[str, Any]:
        """moto launches MinCount of them and drops most of what a template says."""
        if "LaunchTemplate" in asked:
            raise AwsError("UnsupportedOperation", "the lab's cloud launches from a template only in a group")
        self.registry.check_room(asked["MaxCount"])
        arguments = {**asked, "MinCount": asked["MaxCount"]}
        if told := asked.get("UserData"):
            arguments["UserData"] = base64.b64decode(told)  # botocore encodes it once more
        said = passed_on(self._ec2().run_instances, arguments)
        for each in said["Instances"]:
            view = self.registry.add(each, asked)
            self.registry.boot(each["InstanceId"], _nothing)
            each["PrivateIpAddress"] = view.address
        return said

    def start_instances(self, asked: Arguments) -> Mapping[str, Any]:
        said = passed_on(self._ec2().start_instances, asked)
        for instance in asked["InstanceIds"]:
            self.registry.boot(instance, _nothing)
        return said

    def stop_instances(self, asked: Arguments) -> Mapping[str, Any]:
        said = passed_on(self._ec2().stop_instances, asked)
        for instance in asked["InstanceIds"]:
            self.registry.stop(instance)
        return said

    def terminate_instances(self, asked: Arguments) -> Mapping[str, Any]:
        said = passed_on(self._ec2().terminate_instances, asked)
        for instance in asked["InstanceIds"]:
            self.registry.remove(instance)
            self.targets.forget(instance)
            self.engine.lost(instance)
        return said

    def modify_instance_metadata_options(self, asked: Arguments) -> Mapping[str, Any]:
        said = passed_on(self._ec2().modify_instance_metadata_options, asked)
        if view := self.registry.views.get(asked["InstanceId"]):
            view.hop_limit = asked.get("HttpPutResponseHopLimit", view.hop_limit)
            view.enabled = asked.get("HttpEndpoint", "enabled" if view.enabled else "disabled") == "enabled"
        return said


def _nothing() -> None:
    """An instance of no group: nobody waits for it."""


def passed_on(call: Any, asked: Arguments) -> dict[str, Any]:
    """moto's answer, or its refusal as our own."""
    try:
        answer = call(**asked)
    except ClientError as error:
        raise AwsError(error.response["Error"]["Code"], error.response["Error"]["Message"]) from error
    return {name: value for name, value in answer.items() if name != "ResponseMetadata"}
