"""Every instance of a region: what its metadata say, and the machine that it is."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from typing import Any

from slackwater.lab.cloud.errors import AwsError
from slackwater.lab.cloud.machines.machine import Machines
from slackwater.lab.cloud.moto import LOCK, Moto
from slackwater.lab.metadata import Instance, Role

PENDING, RUNNING, STOPPED = ("pending", 0), ("running", 16), ("stopped", 80)


class Registry:
    """`views` are the instances' metadata, by id; a test may change them. `guests` are machines that run no instance of
    this cloud and ask for metadata all the same."""

    def __init__(self, moto: Moto, region: str, machines: Machines) -> None:
        self._moto, self.region, self.machines = moto, region, machines
        self.views: dict[str, Instance] = {}
        self.guests: list[Instance] = []

    def check_room(self, count: int = 1) -> None:
        """Raises AwsError as EC2 does where there is none for so many more."""
        if not self.machines.has_room(count):
            more = f"{count} more instances" if count > 1 else "one more instance"
            raise AwsError("InsufficientInstanceCapacity", f"this machine has no room for {more}", 500)

    def add(self, described: Mapping[str, Any], launched: Mapping[str, Any]) -> Instance:
        """`described` is EC2's word of a new instance, `launched` what it was launched with."""
        options, told = launched.get("MetadataOptions", {}), launched.get("UserData")
        view = Instance(
            described["InstanceId"],
            described["PrivateIpAddress"],
            region=self.region,
            zone=described["Placement"]["AvailabilityZone"],
            kind=described["InstanceType"],
            image=described["ImageId"],
            role=Role() if launched.get("IamInstanceProfile") else None,
            user_data=base64.b64decode(told) if told else None,
            hop_limit=options.get("HttpPutResponseHopLimit", 1),
            enabled=options.get("HttpEndpoint") != "disabled",
        )
        if options.get("InstanceMetadataTags") == "enabled":
            view.tags = {tag["Key"]: tag["Value"] for tag in described.get("Tags", [])}
        self.views[view.id] = view
        return view

    def view(self, instance: str) -> Instance:
        """Raises AwsError where there is none."""
        if instance not in self.views:
            raise AwsError("InvalidInstanceID.NotFound", f"there is no instance {instance}")
        return self.views[instance]

    def boot(self, instance: str, up: Callable[[], None]) -> None:
        """`up` is called under the cloud's lock; until then EC2 calls the instance pending."""
        view, told = self.views[instance], self._moto.instance(self.region, instance)
        told.name_state(*PENDING)
        self.machines.start(view, lambda: self._is_up(instance, up))
        told.give_address(view.address)

    def _is_up(self, instance: str, up: Callable[[], None]) -> None:
        with LOCK:
            if instance in self.views:
                self._moto.instance(self.region, instance).name_state(*RUNNING)
                up()

    def look(self) -> None:
        """EC2 finds out that a machine has gone off by itself."""
        for instance in self.views:
            told = self._moto.instance(self.region, instance)
            if told.state == RUNNING[0] and not self.is_on(instance):
                told.name_state(*STOPPED)

    def stop(self, instance: str) -> None:
        self.machines.stop(instance)

    def remove(self, instance: str) -> None:
        """Its metadata answer nobody any more."""
        if self.views.pop(instance, None):
            self.machines.remove(instance)

    def is_on(self, instance: str) -> bool:
        return self.machines.is_on(instance)

    def find(self, address: str) -> Instance | None:
        """Who asks the metadata service from there."""
        with LOCK:
            return next((each for each in (*self.views.values(), *self.guests) if each.address == address), None)

    def address_of(self, instance: str) -> str | None:
        view = self.views.get(instance)
        return view.address if view else None

    def say(self, instance: str, target: str | None) -> None:
        """The lifecycle state that it is on its way to."""
        if view := self.views.get(instance):
            view.target = target
