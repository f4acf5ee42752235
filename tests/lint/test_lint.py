"""Lint as a whole: what is clean, what is reported together, and what is read."""

from __future__ import annotations

import pytest

from .conftest import Check
from .project import ARCHIVE_SHA256, app

WSGI = {"interface": '"wsgi"', "server": "Server(worker_class='gevent')"}
CLEAN = {
    "the usual": app(),
    "everything": app(
        port="80",
        environment='{"GREETING": "hello"}',
        secrets='{"KEY": Secret.file("key")}',
        health='Health(live="/", ready="/")',
        static='[Static(), Static(url="/media/", directory="shop")]',
        writable='["/srv/media"]',
        python='"3.12"',
        server="Server(workers=2, stop_timeout=31)",
    ),
    "an archive": app(source=f'Source.archive("file://PROJECT/shop.tar.gz", sha256="{ARCHIVE_SHA256}")'),
    "a package": app(source='Source.requirement("httpbin==0.10.4")', entrypoint='"httpbin:app"', **WSGI),
    "settings apart": f"from slackwater import *\nsmall = Server(workers=1)\n{app(server='small')}",
}


@pytest.mark.parametrize("text", CLEAN.values(), ids=CLEAN.keys())
def test_a_right_fleet_is_clean(text: str, check: Check) -> None:
    """No check speaks up where nothing is wrong."""
    assert [] == check({"group_data/app.py": text, "key": "value\n"})


def test_a_package_under_src_is_found(check: Check) -> None:
    """A pyproject.toml with src/ is the other usual layout."""
    shop = {
        "examples/api/pyproject.toml": "[project]\nname = 'api'\n",
        "examples/api/src/api/main.py": "def app(): ...\n",
    }

    assert [] == check(
        {"group_data/app.py": app(source='Source.directory("examples/api")', entrypoint='"api.main:app()"'), **shop}
    )


DNS = 'Membership.dns("app.internal"{})'
GROUP = 'Membership.auto_scaling("web", region="eu-central-1"{})'


def balancers(*membership: str) -> dict[str, str | None]:
    """A fleet whose inventory has balancers alone."""
    told = f"balancer = Balancer(\n    membership=[{', '.join(membership)}],\n)\n"
    return {
        "inventories/prod.py": 'balancer = ["b-1"]\n',
        "group_data/app.py": None,
        "group_data/balancer.py": f"from slackwater import *\n{told}",
    }


@pytest.mark.parametrize("source", [DNS, GROUP])
@pytest.mark.parametrize("beside", [(), ("Membership.inventory()",)])
def test_a_fleet_whose_hosts_come_from_elsewhere_is_clean(source: str, beside: tuple[str, ...], check: Check) -> None:
    """Nobody wrote them into the inventory, for they come and go."""
    assert [] == check(balancers(*beside, source.format(", port=8000")))


@pytest.mark.parametrize("source", [DNS, GROUP])
def test_hosts_from_elsewhere_need_a_port_where_no_app_tells_it(source: str, check: Check) -> None:
    """The app's own port is that of a host in the inventory."""
    (fault,) = check(balancers(source.format("")))

    assert ("group_data/balancer.py", 3) == (fault["file"], fault["line"])
    assert fault["field"].endswith("port")
    assert "must be given" in fault["allowed"]


@pytest.mark.parametrize("source", [DNS, GROUP])
def test_hosts_from_elsewhere_have_the_apps_port(source: str, check: Check) -> None:
    """Where the inventory has hosts that tell it."""
    assert [] == check({"group_data/balancer.py": balancers(source.format(""))["group_data/balancer.py"]})


def test_an_entrypoint_that_cannot_be_told_by_reading_is_believed(check: Check) -> None:
    """A module may take its names from another one."""
    assert [] == check({"examples/shop/shop/main.py": "from shop.other import *\n"})


def test_the_faults_of_all_files_are_reported_at_once(check: Check) -> None:
    """Also those behind a file that raises or does not parse: nobody wants to repair and run again four times."""
    files = {
        "group_data/app.py": app(port="-1", server="Server(workers=-1, threads=0)"),
        "group_data/balancer.py": "1 / 0\n",
        "group_data/worker.py": "def (\n",
        "group_data/all.py": "from slackwater import *\nlogs = Logs(keep=0)\nstore = Store.s3('x')\n",
        "group_data/prod.py": "from nowhere import thing\n",
    }

    reported = {fault["message"].partition(": must")[0] for fault in check(files)}

    assert reported == {
        "group_data/app.py:7: app.port = -1",
        "group_data/app.py:8: app.server.workers = -1",
        "group_data/app.py:8: app.server.threads = 0",
        "group_data/balancer.py:1: ZeroDivisionError: division by zero",
        "group_data/worker.py:1: SyntaxError: invalid syntax",
        "group_data/all.py:2: logs.keep = 0",
        "group_data/all.py:3: store.location = 'x'",
        "group_data/prod.py:1: ModuleNotFoundError: No module named 'nowhere'",
    }


def test_a_file_that_could_not_be_read_is_not_missed_a_second_time(check: Check) -> None:
    """`app` may well stand in it: to say that it is missing would mislead."""
    messages = [fault["message"] for fault in check({"group_data/app.py": "1 / 0\n"})]

    assert ["group_data/app.py:1: ZeroDivisionError: division by zero"] == messages


def test_the_environment_beats_the_kind(check: Check) -> None:
    """`group_data/prod.py` is read last, as pyinfra does."""
    files = {
        "group_data/app.py": app() + "server = Server(reload=True)\n",
        "group_data/prod.py": "from slackwater import Server\nserver = Server(workers=3)\n",
    }

    assert [] == check(files)


def test_another_directory_of_group_data_wins(check: Check) -> None:
    """`--group-data` is read as pyinfra reads it."""
    files = {"more/prod.py": 'environment = "staging"\n', "group_data/prod.py": 'environment = "prod"\n'}

    assert [] == check(files, group_data=["more"])


def test_a_fault_on_many_hosts_is_one_fault(check: Check) -> None:
    """Fifty hosts with one mistake are one mistake."""
    hosts = [f"app-{number}" for number in range(50)]

    assert 1 == len(check({"inventories/prod.py": f"app = {hosts}\n", "group_data/prod.py": 'environment = "x"\n'}))


SHARES = 'app = ["app-1", ("app-2", {"weight": 50}), ("app-3", {"weight": 1000, "backup": True})]\n'


def test_hosts_of_unequal_share_are_clean(check: Check) -> None:
    """The inventory tells each its own."""
    assert [] == check({"inventories/prod.py": f'{SHARES}balancer = ["balancer-1"]\n'})


def test_a_share_may_be_that_of_a_group(check: Check) -> None:
    """As all other data of hosts."""
    assert [] == check({"group_data/app.py": app() + "weight = 50\n"})


@pytest.mark.parametrize("beside", [(), ("Membership.inventory()",)])
def test_a_share_wants_a_balancer_that_reads_the_inventory(beside: tuple[str, ...], check: Check) -> None:
    """What comes from elsewhere has no inventory that tells of it."""
    told = balancers(*beside, DNS.format(""))["group_data/balancer.py"]
    faults = check({"inventories/prod.py": f'{SHARES}balancer = ["b-1"]\n', "group_data/balancer.py": told})

    wanted = [] if beside else ["app-2.weight", "app-3.weight", "app-3.backup"]
    assert wanted == [fault["field"] for fault in faults]
    assert all("no balancer of this inventory has Membership.inventory()" in fault["allowed"] for fault in faults)
