"""Bad settings, one at a time: each fault names file, line, field, value and what is allowed."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from .conftest import Check
from .project import ARCHIVE_SHA256, app

ZEROS = "0" * 64


@dataclass(frozen=True)
class Bad:
    """`setting` is written into App(…); `path` and `value` are what the fault says, `allowed` a part of it."""

    setting: str
    written: str
    value: str | None
    allowed: str
    path: str = ""

    @property
    def named(self) -> str:
        return f"app.{self.path or self.setting}"

    def __str__(self) -> str:
        return f"{self.path or self.setting}={self.written[:40]}"


SERVER = [
    Bad("server", "Server(workers=-1)", "-1", "whole number of at least 1", "server.workers"),
    Bad("server", "Server(workers=0)", "0", "whole number of at least 1", "server.workers"),
    Bad("server", "Server(threads='4')", "'4'", "whole number of at least 1", "server.threads"),
    Bad("server", "Server(threads=True)", "True", "whole number of at least 1", "server.threads"),
    Bad("server", "Server(timeout=1.5)", "1.5", "whole number of at least 1 (seconds)", "server.timeout"),
    Bad("server", "Server(profile='fast')", "'fast'", "'balanced', 'cpu', 'io'", "server.profile"),
    Bad("server", "Server(preload=1)", "1", "True or False", "server.preload"),
    Bad("server", "Server(stop_timeout=30)", "30", "greater than graceful_timeout (30", "server.stop_timeout"),
    Bad("server", "Server(keepalive=2)", "2", "greater than the 2 seconds", "server.keepalive"),
    Bad("server", "Server(worker_class='tornado')", "'tornado'", "'gthread', 'sync', 'gevent'", "server.worker_class"),
    Bad("server", "Server(worker_class='gthread')", "'gthread'", "whose interface is 'asgi'", "server.worker_class"),
    Bad("server", "Server(reload=True)", "True", "only development may reload", "server.reload"),
    Bad("server", "Server(wokers=3)", "3", "Server has: workers, ", "server.wokers"),
    Bad("server", "Server(memory_per_worker=-5)", "-5", "of at least 16 (MB)", "server.memory_per_worker"),
    Bad("server", "{'workers': 2}", "{'workers': …}", "Server(…), or None"),
]
NAMES = [
    Bad("name", '"my shop"', "'my shop'", "a lower-case letter, then up to 30"),
    Bad("name", '"Shop"', "'Shop'", "a lower-case letter, then up to 30"),
    Bad("name", repr("x" * 32), repr("x" * 32), "a lower-case letter, then up to 30"),
    Bad("name", '"sshd"', "'sshd'", "a unit or user of the system"),
    Bad("name", '"user"', "'user'", "a unit or user of the system"),
    Bad("name", "7", "7", "a lower-case letter, then up to 30"),
    Bad("interface", '"rack"', "'rack'", "'asgi', 'wsgi'"),
    Bad("prot", "8000", "8000", "is no setting of App; App has: port, "),
    Bad("python", '"2.7"', "'2.7'", "a version such as '3.12', or None"),
    Bad("port", '"8000"', "'8000'", "a whole number from 1 to 65535"),
    Bad("port", "70000", "70000", "a whole number from 1 to 65535"),
    Bad("port", "8081", "8081", "8081 (nginx's own state"),
    Bad("port", "22", "22", "22 (sshd)"),
    Bad("aws", '"yes"', "'yes'", "True or False"),
]
CODE = [
    Bad("entrypoint", '"shop.main"', "'shop.main'", "a module and its attribute"),
    Bad("entrypoint", '"shop.mian:app"', "'shop.mian:app'", "neither shop/mian.py nor shop/mian/__init__.py"),
    Bad("entrypoint", '"shop.main:application"', "'shop.main:application'", "an attribute of shop/main.py"),
    Bad("source", '"examples/shop"', "'examples/shop'", "Source.directory(…), Source.archive(…)"),
    Bad("source", 'Source.directory("examples/none")', "'examples/none'", "must be a directory", "source.path"),
    Bad("source", 'Source.directory("examples/shop", "docs")', "'docs'", "a list of patterns", "source.exclude"),
    Bad("source", 'Source.requirement("shop>=1")', "'shop>=1'", "one pinned package", "source.specifier"),
    Bad("source", 'Source.requirement("a==1 b==2")', "'a==1 b==2'", "one pinned package", "source.specifier"),
    Bad("source", 'Source.requirement("shop==1.*")', "'shop==1.*'", "one pinned package", "source.specifier"),
    Bad("source", f'Source.archive("ftp://x/y", sha256="{ZEROS}")', "'ftp://x/y'", "https://", "source.url"),
    Bad("source", 'Source.archive("https://x/y", sha256="12")', "'12'", "64 hex digits", "source.sha256"),
    Bad(
        "source",
        f'Source.archive("file://PROJECT/shop.tar.gz", sha256="{ZEROS}")',
        f"'{ZEROS}'",
        ARCHIVE_SHA256,
        "source.sha256",
    ),
    Bad("static", 'Static(directory="static")', "Static(…)", "a list of Static(…)"),
    Bad(
        "static", '[Static(directory="statics")]', "'statics'", "inside the source examples/shop", "static[0].directory"
    ),
    Bad("static", '[Static(directory="../etc")]', "'../etc'", "not absolute", "static[0].directory"),
    Bad("static", '[Static(url="static")]', "'static'", "begins and ends with '/'", "static[0].url"),
    Bad("static", "[Static(), Static(max_age=1)]", "'/static/'", "must differ", "static[1].url"),
]
VARIABLES = [
    Bad("environment", '{"A B": "x"}', None, "a variable's name", "environment['A B']"),
    Bad("environment", '{"PORT": 80}', "80", "a dictionary of text", "environment['PORT']"),
    Bad("environment", '{"NOTE": "two\\nlines"}', "***", "one line of text", "environment['NOTE']"),
    Bad("environment", '{"SLACKWATER_RELEASE": "1"}', "***", "another name", "environment['SLACKWATER_RELEASE']"),
    Bad("environment", '{"GUNICORN_CMD_ARGS": "-w 9"}', "***", "another name", "environment['GUNICORN_CMD_ARGS']"),
    Bad("secrets", '{"KEY": "hunter2"}', "***", "Secret.environment(…) or Secret.file(…)", "secrets['KEY']"),
    Bad("secrets", '{"KEY": Secret.environment("A-B")}', "'A-B'", "a variable's name", "secrets['KEY'].location"),
    Bad(
        "secrets",
        '{"KEY": Secret.environment("NOT_SET_7")}',
        "'NOT_SET_7'",
        "export this variable",
        "secrets['KEY'].location",
    ),
    Bad("secrets", '{"KEY": Secret.file("no/such")}', "'no/such'", "a readable text file", "secrets['KEY'].location"),
    Bad("health", 'Health(live="health")', "'health'", "a path that begins with '/'", "health.live"),
    Bad("health", 'Health(ready="/a b")', "'/a b'", "a path that begins with '/'", "health.ready"),
    Bad("health", 'Health(ready="/a;}")', "'/a;}'", "a path that begins with '/'", "health.ready"),
    Bad("health", "Health(timeout=0)", "0", "a whole number from 1 to 60 (seconds)", "health.timeout"),
    Bad("nginx", "Nginx(body_limit=50)", "50", "at most balancer.body_limit (10)", "nginx.body_limit"),
    Bad("nginx", 'Nginx(gzip="on")', "'on'", "True or False", "nginx.gzip"),
    Bad("writable", '["srv/media"]', "'srv/media'", "an absolute path", "writable[0]"),
    Bad("writable", '["/srv/media", "/etc"]', "'/etc'", "no directory of the system", "writable[1]"),
    Bad("writable", '["/srv/../etc"]', "'/srv/../etc'", "without '..'", "writable[0]"),
]


@pytest.mark.parametrize("bad", SERVER + NAMES + CODE + VARIABLES, ids=str)
def test_a_bad_setting_of_the_app_is_named(bad: Bad, check: Check) -> None:
    """The one fault names the file, the line of the setting, its path, its value and what is allowed."""
    text = app(**{bad.setting: bad.written})
    line = next(number for number, code in enumerate(text.splitlines(), 1) if code.startswith(f"    {bad.setting}="))

    (fault,) = check({"group_data/app.py": text})

    assert f"group_data/app.py:{line}" == f"{fault['file']}:{fault['line']}"
    assert (bad.named, bad.value) == (fault["field"], fault["value"])
    assert bad.allowed in fault["allowed"]


ELSEWHERE = [
    ("group_data/all.py", 'app = "shop"', "app", "'shop'", "App(…)"),
    ("group_data/all.py", "logs = 14", "logs", "14", "Logs(…)"),
    ("group_data/prod.py", 'environment = "prod"', "environment", "'prod'", "'development', 'staging', 'production'"),
    ("group_data/prod.py", "env_file = 3", "env_file", "3", "relative to the project"),
    ("group_data/prod.py", 'env_file = "prod.env"', "env_file", "'prod.env'", "a readable text file"),
    ("group_data/balancer.py", "balancer = Balancer(port=8000.0)", "balancer.port", "8000.0", "from 1 to 65535"),
    ("group_data/balancer.py", "balancer = Balancer(tries=0)", "balancer.tries", "0", "of at least 1"),
    ("group_data/balancer.py", 'balancer = Balancer(method="ip_hash")', "balancer.method", "'ip_hash'", "'least_conn'"),
    (
        "group_data/balancer.py",
        'balancer = Balancer(retry_on=["non_idempotent"])',
        "balancer.retry_on[0]",
        "'non_idempotent'",
        "any of 'error'",
    ),
    (
        "group_data/balancer.py",
        "balancer = Balancer(tries_timeout=5)",
        "balancer.tries_timeout",
        "5",
        "greater than read_timeout (60)",
    ),
    ("group_data/balancer.py", "balancers = Balancer()", "balancers", "Balancer(…)", "must be named balancer"),
    ("group_data/all.py", "logs = Logs(ship_to='tides')", "logs.ship_to", "'tides'", "a bucket and prefix such as"),
    ("group_data/all.py", "logs = Logs(ship_to='s3://X')", "logs.ship_to", "'s3://X'", "a bucket and prefix such as"),
    ("group_data/all.py", "logs = Logs(ship_to=7)", "logs.ship_to", "7", "or the path of a directory"),
    ("group_data/all.py", "logs = Logs(keep=0)", "logs.keep", "0", "from 1 to 3650 (days)"),
    ("group_data/all.py", 'store = Store.s3("my-bucket")', "store.location", "'my-bucket'", "s3://bucket/prefix"),
    (
        "group_data/all.py",
        'store = Store.directory("s3://x/y")',
        "store.location",
        "'s3://x/y'",
        "a bucket is Store.s3",
    ),
    (
        "group_data/prod.py",
        'server = Server(worker_class="sync")',
        "server.worker_class",
        "'sync'",
        "whose interface is 'asgi'",
    ),
]


@pytest.mark.parametrize(
    ("file", "written", "path", "value", "allowed"), ELSEWHERE, ids=[case[1] for case in ELSEWHERE]
)
def test_a_bad_setting_of_another_file_is_named(
    file: str, written: str, path: str, value: str, allowed: str, check: Check
) -> None:
    """Every reserved name is checked in the file that gives it."""
    apps = {"group_data/app.py": None} if written.startswith("app =") else {}

    (fault,) = check({file: f"from slackwater import *\n\n{written}\n", **apps})

    assert f"{file}:3: {path} = {value}: " == fault["message"].removesuffix(fault["allowed"])
    assert allowed in fault["allowed"]


PINS = [
    ("requirements.txt", "httpx\ngunicorn==20.1.0\n", 2, "gunicorn", "'gunicorn==20.1.0'"),
    ("requirements.txt", "uvicorn[standard]<0.30  # old\n", 1, "uvicorn", "'uvicorn[standard]<0.30'"),
    ("requirements.txt", "uvicorn_worker==0.1 --hash=sha256:00\n", 1, "uvicorn_worker", "'uvicorn_worker==0.1'"),
    (
        "pyproject.toml",
        '[project]\nname = "shop"\ndependencies = [\n  "gunicorn~=21.0",\n]\n',
        4,
        "gunicorn",
        "'gunicorn~=21.0'",
    ),
]


@pytest.mark.parametrize(("name", "text", "line", "package", "value"), PINS, ids=[case[4] for case in PINS])
def test_an_unsupported_pin_is_named(name: str, text: str, line: int, package: str, value: str, check: Check) -> None:
    """The servers come from the library; an app that pins another version could not be resolved."""
    (fault,) = check({f"examples/shop/{name}": text})

    assert f"examples/shop/{name}:{line}: {package} = {value}: " == fault["message"].removesuffix(fault["allowed"])
    assert "the version that Slackwater supports" in fault["allowed"]


INVENTORIES = [
    (
        'app = ["app-1"]\nbalancer = ["app-1"]\n',
        "group_data/app.py",
        "app.port",
        "80",
        "must differ from balancer.port",
    ),
    ('balancer = ["b-1"]\n', "inventories/prod.py", "app", "[]", "the balancer b-1 has nobody"),
    ("hosts = []\n", "inventories/prod.py", "hosts", "[]", "at least one host"),
    (
        'app = ["app-1", ("app-2", {"weight": 5000})]\nbalancer = ["b-1"]\n',
        "inventories/prod.py",
        "app-2.weight",
        "5000",
        "a whole number from 1 to 1000",
    ),
    (
        'app = ["app-1", ("app-2", {"backup": "no"})]\nbalancer = ["b-1"]\n',
        "inventories/prod.py",
        "app-2.backup",
        "'no'",
        "True or False",
    ),
    (
        'app = ["app-1"]\nbalancer = [("b-1", {"weight": 50})]\n',
        "inventories/prod.py",
        "b-1.weight",
        "50",
        "only hosts of the group app",
    ),
    ('app = [("app-1", 3)]\n', "inventories/prod.py", "", None, "a list of host names or of (name, {data})"),
    ('app = ["@nowhere/x"]\n', "inventories/prod.py", "", None, "Invalid connector: nowhere"),
    ("app = [prod]\n", "inventories/prod.py", "", None, "NameError: name 'prod' is not defined"),
]


@pytest.mark.parametrize(("text", "file", "path", "value", "allowed"), INVENTORIES)
def test_a_bad_inventory_is_named(text: str, file: str, path: str, value: str, allowed: str, check: Check) -> None:
    """Who is there must fit what they are told."""
    (fault,) = check({"inventories/prod.py": text, "group_data/app.py": app(port="80")})

    assert (file, path, value) == (fault["file"], fault["field"], fault["value"])
    assert allowed in fault["allowed"]


def test_the_inventorys_word_on_a_host_is_where_the_fault_is(check: Check) -> None:
    """It beats group data, which are right; the other host is told by them."""
    files = {
        "inventories/prod.py": 'app = ["app-1", ("app-2", {"weight": 0})]\nbalancer = ["b-1"]\n',
        "group_data/app.py": app() + "weight = 50\n",
    }

    (fault,) = check(files)

    assert "inventories/prod.py: app-2.weight = 0: must be a whole number from 1 to 1000, or None" == fault["message"]


def test_a_weight_of_group_data_is_named_there(check: Check) -> None:
    """Once, however many hosts it is told."""
    (fault,) = check({"group_data/app.py": app() + "weight = 0\n"})

    assert ("group_data/app.py", "weight", "0") == (fault["file"], fault["field"], fault["value"])


def test_an_app_host_without_an_app_is_named(check: Check) -> None:
    """Both hosts stand in one fault."""
    (fault,) = check({"group_data/app.py": None})

    assert (
        "inventories/prod.py: app: is missing for app-1, app-2: group_data/app.py must declare app = App(…)"
        == (fault["message"])
    )


def test_a_host_that_is_told_two_apps_is_named(check: Check) -> None:
    """The later group would win, and the other app would silently not run."""
    (fault,) = check({"group_data/prod.py": app(name='"api"')})

    assert "group_data/prod.py:4: app.name = 'api': " == fault["message"].removesuffix(fault["allowed"])
    assert "is told shop by group app, api by group prod" in fault["allowed"]


def test_a_bad_line_of_an_env_file_is_named_and_not_shown(check: Check) -> None:
    """The line may hold a secret."""
    files = {"group_data/prod.py": 'env_file = "prod.env"\n', "prod.env": "A=1\nPASSWORD hunter2\n"}

    (fault,) = check(files)

    assert ("prod.env", 2, None) == (fault["file"], fault["line"], fault["value"])
    assert "hunter2" not in fault["message"]


def test_a_variable_that_is_also_a_secret_is_named(check: Check) -> None:
    """One of the two values would silently win."""
    secret = app(environment='{"KEY": "x"}', secrets='{"KEY": Secret.environment("PATH")}')

    (fault,) = check({"group_data/app.py": secret})

    assert "group_data/app.py:7: app.environment['KEY'] = ***: " == fault["message"].removesuffix(fault["allowed"])
    assert "must not also be in secrets" in fault["allowed"]


def test_data_of_the_command_line_are_checked_too(check: Check) -> None:
    """They stand in no file."""
    (fault,) = check({}, data={"environment": "live"})

    assert (None, "environment", "'live'") == (fault["file"], fault["field"], fault["value"])
