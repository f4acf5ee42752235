"""Small apps in a project of their own, and stores of both kinds: a directory, and S3 as moto speaks it over HTTP."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from threading import Thread
from typing import Any

import boto3
import pytest
from moto.server import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import WSGIRequestHandler, make_server

from slackwater import App, Source
from slackwater.release import Releases, open_releases
from slackwater.settings import Store

BUCKET = "tides"
REGION = "eu-central-1"
DENIED = b"<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>"
DENIED_JSON = b'{"__type": "AccessDeniedException", "Message": "User is not authorized"}'

Write = Callable[[dict[str, str]], Path]

BACKEND = """
import pathlib, zipfile

def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    pathlib.Path("build").mkdir()
    pathlib.Path("build/litter.txt").write_text("left behind")
    info = "hello_shop-1.0.dist-info"
    with zipfile.ZipFile(pathlib.Path(wheel_directory, NAME), "w") as wheel:
        for path in sorted(pathlib.Path().rglob("*")):
            if path.is_file():
                wheel.write(path, f"hello_shop/{path.as_posix()}")
        wheel.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\\nName: hello-shop\\nVersion: 1.0\\n")
        tags = "Root-Is-Purelib: true\\nTag: py3-none-any\\n"
        wheel.writestr(f"{info}/WHEEL", f"Wheel-Version: 1.0\\nGenerator: here\\n{tags}")
        wheel.writestr(f"{info}/RECORD", "")
    return NAME
"""

PYPROJECT = """
[project]
name = "Hello.Shop"
version = "1.0"
dependencies = ["six==1.17.0"]
[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return tmp_path / "project"


@pytest.fixture
def write(project: Path) -> Write:
    """Writes files into the project's directory `app`, and says where that is."""

    def files(contents: dict[str, str]) -> Path:
        for name, text in contents.items():
            path = project / "app" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return project / "app"

    return files


@pytest.fixture
def app() -> App:
    return App(name="hello", entrypoint="hello:app", source=Source.directory("app"))


@pytest.fixture
def package(write: Write) -> Path:
    """An app that is a package, with a build backend of its own that needs no index."""
    backend = f'NAME = "hello_shop-1.0-py3-none-any.whl"\n{BACKEND}'
    return write({"pyproject.toml": PYPROJECT, "backend.py": backend, "hello.py": "app = None\n"})


class Quiet(WSGIRequestHandler):
    def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002
        """Nothing: the server's log would hide pytest's."""


class Cloud:
    """moto, one request after another: S3 decides between two conditional writes, moto by itself does not.

    Of a key that ends in `cut` half is sent; the first answer to a write of `lost` never arrives; `denied` is for all.
    """

    def __init__(self) -> None:
        self.moto = DomainDispatcherApplication(create_backend_app)
        self.cut = self.lost = ""
        self.denied = False
        self.server = make_server("127.0.0.1", 0, self, request_handler=Quiet)
        self.address = f"http://127.0.0.1:{self.server.server_port}"
        keys = {"aws_access_key_id": "tide", "aws_secret_access_key": "tide"}
        self.s3 = boto3.session.Session().client("s3", region_name=REGION, endpoint_url=self.address, **keys)

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        if self.denied:
            environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
            start_response("403 Forbidden", [])
            return [DENIED_JSON if "HTTP_X_AMZ_TARGET" in environ else DENIED]
        if self.lost and environ["REQUEST_METHOD"] == "PUT" and environ["PATH_INFO"].endswith(self.lost):
            self.lost = ""
            list(self.moto(environ, lambda *_: None))
            start_response("500 Internal Server Error", [])
            return []
        body = b"".join(self.moto(environ, start_response))
        is_cut = self.cut and environ["REQUEST_METHOD"] == "GET" and environ["PATH_INFO"].endswith(self.cut)
        return [body[: len(body) // 2] if is_cut else body]


@pytest.fixture(scope="session")
def serving() -> Iterator[Cloud]:
    cloud = Cloud()
    thread = Thread(target=cloud.server.serve_forever)
    thread.start()
    yield cloud
    cloud.server.shutdown()
    thread.join()


@pytest.fixture
def cloud(serving: Cloud, monkeypatch: pytest.MonkeyPatch) -> Cloud:
    """An empty account with one bucket; nothing of this machine's own configuration is read."""
    serving.cut, serving.lost, serving.denied = "", "", False
    variables = {
        "AWS_ENDPOINT_URL": serving.address,
        "AWS_ACCESS_KEY_ID": "tide",
        "AWS_SECRET_ACCESS_KEY": "tide",
        "AWS_DEFAULT_REGION": REGION,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": "/nonexistent",
        "AWS_SHARED_CREDENTIALS_FILE": "/nonexistent",
        "NO_PROXY": "127.0.0.1",
    }
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    _reset()
    serving.s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
    return serving


def _reset() -> None:
    for module in [name for name in sys.modules if name.startswith("moto.") and name.endswith(".models")]:
        for backends in vars(sys.modules[module]).values():
            if type(backends).__name__ == "BackendDict":
                backends.reset()


@pytest.fixture(params=["directory", "s3"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    if request.param == "directory":
        return Store.directory(str(tmp_path / "store"))
    request.getfixturevalue("cloud")
    return Store.s3(f"s3://{BUCKET}/prod/")


@pytest.fixture
def releases(store: Store, project: Path) -> Releases:
    project.mkdir(exist_ok=True)
    return open_releases(store, project)
