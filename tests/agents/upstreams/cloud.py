"""AWS as moto speaks it over HTTP, with faults: throttling, expired credentials, silence, nonsense, other states."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable
from threading import Thread
from typing import Any

import boto3

# moto's 1,301 images take seconds to load, and nobody here wants one of them. It reads this when it is imported.
os.environ.setdefault("MOTO_EC2_LOAD_DEFAULT_AMIS", "false")

from moto.server import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import WSGIRequestHandler, make_server

REGION = "eu-central-1"
CREDENTIALS = {"aws_access_key_id": "key", "aws_secret_access_key": "secret", "region_name": REGION}
ERROR = "<ErrorResponse><Error><Type>Sender</Type><Code>{}</Code><Message>{}</Message></Error></ErrorResponse>"


class Silent(WSGIRequestHandler):
    def log(self, *_: Any) -> None:
        """A test's output is not an access log."""


class Cloud:
    """`fault` answers instead of moto while it is set; `states` are shown for instances instead of moto's own."""

    def __init__(self) -> None:
        self.fault: Callable[[Any], Iterable[bytes]] | None = None
        self.states: dict[str, str] = {}
        self.asked = 0
        self._moto = DomainDispatcherApplication(create_backend_app)
        self._server = make_server("127.0.0.1", 0, self, threaded=True, request_handler=Silent)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        Thread(target=self._server.serve_forever, daemon=True).start()

    def stop(self) -> None:
        self._server.shutdown()

    def __call__(self, environ: Any, start_response: Any) -> Iterable[bytes]:
        self.asked += 1
        if self.fault:
            return self.fault(start_response)
        text = b"".join(self._moto(environ, _without_length(start_response))).decode()
        for instance, state in self.states.items():
            text = _with_state(text, instance, state)
        return [text.encode()]

    def client(self, service: str) -> Any:
        return boto3.client(service, endpoint_url=self.url, **CREDENTIALS)

    def group(self, name: str, size: int) -> list[str]:
        """Makes a group of instances, or changes its size; says who is in it."""
        scaling = self.client("autoscaling")
        known = scaling.describe_auto_scaling_groups(AutoScalingGroupNames=[name])["AutoScalingGroups"]
        if not known:
            image = self.client("ec2").register_image(Name=name, RootDeviceName="/dev/xvda")["ImageId"]
            made = {"LaunchConfigurationName": name, "ImageId": image, "InstanceType": "t3.micro"}
            scaling.create_launch_configuration(**made)
            sizes = {"MinSize": 0, "MaxSize": 200, "DesiredCapacity": size}
            scaling.create_auto_scaling_group(
                AutoScalingGroupName=name, LaunchConfigurationName=name, AvailabilityZones=[f"{REGION}a"], **sizes
            )
        else:
            scaling.set_desired_capacity(AutoScalingGroupName=name, DesiredCapacity=size)
        found = scaling.describe_auto_scaling_groups(AutoScalingGroupNames=[name])["AutoScalingGroups"][0]
        return [instance["InstanceId"] for instance in found["Instances"]]


def _without_length(start_response: Any) -> Any:
    """Another state is another length."""

    def start(status: str, headers: list[tuple[str, str]], *more: Any) -> Any:
        return start_response(status, [one for one in headers if one[0].lower() != "content-length"], *more)

    return start


def _with_state(text: str, instance: str, state: str) -> str:
    before, found, after = text.partition(f"<InstanceId>{instance}</InstanceId>")
    return before + found + after.replace("<LifecycleState>InService<", f"<LifecycleState>{state}<", 1)


def refuses(code: str, status: str = "400 Bad Request") -> Callable[[Any], Iterable[bytes]]:
    def answer(start_response: Any) -> Iterable[bytes]:
        start_response(status, [("Content-Type", "text/xml")])
        return [ERROR.format(code, f"{code} it is").encode()]

    return answer


def answers(text: str) -> Callable[[Any], Iterable[bytes]]:
    def answer(start_response: Any) -> Iterable[bytes]:
        start_response("200 OK", [("Content-Type", "text/xml")])
        return [text.encode()]

    return answer


def hangs(start_response: Any) -> Iterable[bytes]:
    time.sleep(2)
    return answers("")(start_response)
