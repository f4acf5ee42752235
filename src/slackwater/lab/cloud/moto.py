"""moto's services, asked in this process and one request at a time."""

from __future__ import annotations

import io
import os
import threading
from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any
from urllib.parse import urlsplit

from botocore.awsrequest import AWSResponse
from botocore.config import Config
from moto.core.base_backend import BackendDict
from moto.ec2.models import ec2_backends
from moto.events.utils import EventTemplateParser
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from moto.s3.models import s3_backends
from werkzeug.test import EnvironBuilder, run_wsgi_app

from slackwater.lab.cloud.wire.model import session

# moto has no lock of its own: 60 parallel calls left seven instances of five, and one answer 500. Its books belong to
# the process, so the lock does too.
LOCK = threading.RLock()
FIRST_ACCOUNT = 123456789012
_numbers = iter(range(FIRST_ACCOUNT, FIRST_ACCOUNT + 10**6))
# Describing the 1,300 images that moto brings along takes seconds; a test registers the one it needs.
os.environ.setdefault("MOTO_EC2_LOAD_DEFAULT_AMIS", "false")
# moto leaves out of what it delivers the account that every event of EventBridge names.
EventTemplateParser.DEFAULT_EVENT_INPUT_TEMPLATE = (
    '{"account": "<account>", ' + EventTemplateParser.DEFAULT_EVENT_INPUT_TEMPLATE.removeprefix("{")
)
KEYS = {"aws_access_key_id": "lab", "aws_secret_access_key": "lab"}


@cache
def _application() -> Any:
    return DomainDispatcherApplication(create_backend_app)


class Moto:
    """One account of its own: what is made here is seen by nobody else (buckets' names excepted, as on AWS)."""

    def __init__(self) -> None:
        self.account = str(next(_numbers))
        self._clients: dict[tuple[str, str], Any] = {}

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        environ["HTTP_X_MOTO_ACCOUNT_ID"] = self.account
        with LOCK:
            return list(_application()(environ, start_response))

    def client(self, service: str, region: str) -> Any:
        """A boto3 client that asks moto without a socket, so that a lock may be held meanwhile."""
        if (service, region) not in self._clients:
            config = Config(retries={"total_max_attempts": 1, "mode": "standard"})
            url = "http://127.0.0.1"
            client = session().client(service, region_name=region, endpoint_url=url, config=config, **KEYS)
            client.meta.events.register("before-send.*", self._send)
            self._clients[service, region] = client
        return self._clients[service, region]

    def _send(self, request: Any, **_: Any) -> AWSResponse:
        url = urlsplit(request.url)
        body = request.body or b""
        headers = {name: _text(value) for name, value in request.headers.items()}
        data = body.encode() if isinstance(body, str) else bytes(body) if isinstance(body, bytes) else body.read()
        builder = EnvironBuilder(url.path, query_string=url.query, method=request.method, headers=headers, data=data)
        chunks, status, answered = run_wsgi_app(self, builder.get_environ(), buffered=True)
        return AWSResponse(request.url, int(status.split()[0]), dict(answered), Raw(b"".join(chunks)))

    def instance(self, region: str, identity: str) -> Told:
        """Raises moto's own error where there is none."""
        return Told(ec2_backends[self.account][region].get_instance(identity))

    def forget(self) -> None:
        """Frees what the account holds in this process."""
        with LOCK:
            for backend in s3_backends.get(self.account, {}).values():
                backend.reset()
            for backends in vars(BackendDict)["_instances"]:
                backends.pop(self.account, None)


class Raw(io.BytesIO):
    """A body as botocore wants to read it."""

    def stream(self, **_: Any) -> Iterator[bytes]:
        while chunk := self.read(65536):
            yield chunk


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


class Told:
    """What moto's books say of one instance where no call of EC2 can change them."""

    def __init__(self, instance: Any) -> None:
        self._instance = instance

    @property
    def state(self) -> str:
        return str(self._instance._state.name)

    def name_state(self, name: str, code: int) -> None:
        self._instance._state.name, self._instance._state.code = name, code

    def give_address(self, address: str) -> None:
        """The private address of its first interface."""
        interface = self._instance.nics[0]
        for each in interface.private_ip_addresses:
            if each["PrivateIpAddress"] == interface.private_ip_address:
                each["PrivateIpAddress"] = address
        interface.private_ip_address = address
