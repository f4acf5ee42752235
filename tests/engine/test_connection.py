"""`connection` in group data: pyinfra's words for each host, jump hosts, and a key that lives a minute."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import paramiko
import pytest
from pyinfra.api import Config, Inventory, State
from pyinfra.connectors.sshuserclient.client import SSHClient, get_ssh_config

from slackwater import Ssh
from slackwater.engine.connection import before_connecting, known_hosts, run_key, spread
from slackwater.errors import SettingsError

HOUSE = Path(__file__).resolve().parents[2]


def inventory(connection: Ssh | None = None, **data: Any) -> Inventory:
    told = {"connection": connection} if connection else {}
    hosts = [("app-1", {"ssh_hostname": "10.0.0.1", **data})]
    return Inventory((["app-1"], told), app=(hosts, {}))


def data_of(found: Inventory, project: Path) -> Any:
    spread(found, project)
    return found.get_host("app-1").data


def test_it_reaches_pyinfras_own_connector(tmp_path: Path) -> None:
    """By the way that pyinfra's command takes: the state is given its inventory after config.py was read."""
    state = State()
    before_connecting(state, tmp_path)
    found = inventory(Ssh(user="ops", port=2222, key="keys/id", retries=7, pause=6))
    state.init(found, Config())
    told = found.get_host("app-1").connector.data

    assert ("ops", 2222, str(tmp_path / "keys/id"), 7) == tuple(
        told[name] for name in ("ssh_user", "ssh_port", "ssh_key", "ssh_connect_retries")
    )
    assert (2.0, 6.0, False) == (
        told["ssh_connect_retry_min_delay"],
        told["ssh_connect_retry_max_delay"],
        told["ssh_look_for_keys"],
    )


def test_what_the_inventory_says_itself_wins(tmp_path: Path) -> None:
    """One machine with another user needs no connection of its own."""
    told = data_of(inventory(Ssh(user="ops", host_keys="strict"), ssh_user="root"), tmp_path)

    assert ("root", "yes") == (told.ssh_user, told.ssh_strict_host_key_checking)


def test_each_host_has_a_file_of_its_own_for_its_key(tmp_path: Path) -> None:
    """An address that came back with another instance is no attack, and must not look like one."""
    file = Path(data_of(inventory(Ssh()), tmp_path).ssh_known_hosts_file)

    assert (tmp_path / ".slackwater/known_hosts/app-1", 0o600) == (file, file.stat().st_mode & 0o777)


def test_hosts_without_a_connection_are_left_as_they_are(tmp_path: Path) -> None:
    """Labs and machines that the operator's own ssh configuration knows."""
    assert None is data_of(inventory(), tmp_path).get("ssh_user")


def test_a_bastion_is_a_jump_for_all_others_and_not_for_itself(tmp_path: Path) -> None:
    """pyinfra looks the jump host up in the same file: one that it jumps to through itself would never be reached."""
    told = data_of(inventory(Ssh(bastion="jump@bastion.example.com:2200", key="keys/id")), tmp_path)
    known = get_ssh_config(told.ssh_config_file)
    target, bastion = known.lookup("10.0.0.1"), known.lookup("bastion.example.com")

    assert "jump@bastion.example.com:2200" == target["proxyjump"]
    assert "proxyjump" not in bastion
    assert ("accept-new", [str(tmp_path / "keys/id")]) == (bastion["stricthostkeychecking"], bastion["identityfile"])
    assert SSHClient.derive_shorthand(known, target["proxyjump"])[1]["username"] == "jump"


@pytest.mark.parametrize(("host_keys", "checking"), [("strict", "yes"), ("accept-new", "accept-new")])
def test_a_bastions_key_is_checked_as_strictly(tmp_path: Path, host_keys: Any, checking: str) -> None:
    """Whoever poses as the bastion sees every connection begin."""
    told = data_of(inventory(Ssh(bastion="jump@bastion.example.com", host_keys=host_keys)), tmp_path)

    assert checking == get_ssh_config(told.ssh_config_file).lookup("bastion.example.com")["stricthostkeychecking"]


@pytest.mark.parametrize("name", ["../../app-1", "/proc/app-1", "...", ".", "a/b", "2001:db8::1"])
def test_no_name_of_a_host_leads_out_of_the_directory(tmp_path: Path, name: str) -> None:
    """Its key would be written wherever the name says."""
    file = known_hosts(Ssh(), name, tmp_path / "project")
    there = [path for path in tmp_path.rglob("*") if path.is_file()]

    assert [file] == there
    assert (tmp_path / "project/.slackwater/known_hosts", False) == (file.parent, file.name.startswith("."))


def test_a_project_may_bring_its_own_configuration(tmp_path: Path) -> None:
    """Sessions of the Systems Manager are a ProxyCommand."""
    assert str(tmp_path / "ssh/config") == data_of(inventory(Ssh(config="ssh/config")), tmp_path).ssh_config_file


def test_instance_connect_needs_to_know_the_instance(tmp_path: Path) -> None:
    """A machine of no inventory from AWS has none: the sentence names what is missing."""
    with pytest.raises(SettingsError, match=r"app-1: Ssh\(instance_connect=True\) needs the host's `instance`"):
        data_of(inventory(Ssh(instance_connect=True)), tmp_path)


class Cloud(BaseHTTPRequestHandler):
    """EC2 Instance Connect: keeps what was sent, or refuses."""

    sent: list[dict[str, str]]
    refuses = False

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        server: Any = self.server
        server.sent.append(json.loads(body))
        said = {"__type": "EC2InstanceNotFoundException"} if server.refuses else {"Success": True, "RequestId": "1"}
        text = json.dumps(said).encode()
        self.send_response(400 if server.refuses else 200)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_: object) -> None:
        """A test's output is not an access log."""


@pytest.fixture
def cloud(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    server: Any = ThreadingHTTPServer(("127.0.0.1", 0), Cloud)
    server.sent, server.refuses = [], False
    Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


class Sshd(paramiko.ServerInterface):
    """Lets in who has a key that was sent."""

    def __init__(self, cloud: Any) -> None:
        self.cloud = cloud

    def check_auth_publickey(self, username: str, key: paramiko.PKey) -> int:
        known = [(sent["InstanceOSUser"], sent["SSHPublicKey"]) for sent in self.cloud.sent]
        good = (username, f"{key.get_name()} {key.get_base64()}") in known
        return paramiko.AUTH_SUCCESSFUL if good else paramiko.AUTH_FAILED

    def get_allowed_auths(self, username: str) -> str:
        return "publickey"


@pytest.fixture
def sshd(cloud: Any) -> Iterator[int]:
    host_key = paramiko.RSAKey.generate(2048)
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            transport = paramiko.Transport(connection)
            transport.add_server_key(host_key)
            with suppress(paramiko.SSHException, EOFError):  # a client that was refused its key goes at once
                transport.start_server(server=Sshd(cloud))

    Thread(target=serve, daemon=True).start()
    yield listener.getsockname()[1]
    listener.close()


def connected(cloud: Any, port: int, project: Path) -> Any:
    url = f"http://127.0.0.1:{cloud.server_port}"
    place = {"ssh_hostname": "127.0.0.1", "instance": "i-0123456789abcdef0", "region": "eu-central-1"}
    found = inventory(
        Ssh(instance_connect=True, port=port, user="admin", retries=1, pause=1), **place, aws_endpoint=url
    )
    spread(found, project)
    State(found, Config())
    host = found.get_host("app-1")
    host.connect(show_errors=False, raise_exceptions=True)
    return host


def test_a_key_of_the_run_is_sent_and_lets_it_in(cloud: Any, sshd: int, tmp_path: Path) -> None:
    """Right before it is used, for a minute is all that it lives; and nothing of it is on the disk."""
    connected(cloud, sshd, tmp_path).disconnect()

    assert [("i-0123456789abcdef0", "admin")] == [(one["InstanceId"], one["InstanceOSUser"]) for one in cloud.sent]
    assert f"ssh-ed25519 {run_key().get_base64()}" == cloud.sent[0]["SSHPublicKey"]
    assert [] == [path for path in tmp_path.rglob("*") if path.is_file() and b"PRIVATE" in path.read_bytes()]


def test_a_refusal_is_a_sentence_and_tried_again(cloud: Any, sshd: int, tmp_path: Path) -> None:
    """An instance that boots is not known to EC2 Instance Connect at once."""
    cloud.refuses = True
    with pytest.raises(Exception, match="ec2-instance-connect send_ssh_public_key"):
        connected(cloud, sshd, tmp_path)

    assert 2 == len(cloud.sent)


def test_a_stranger_at_the_bastions_place_is_refused(cloud: Any, sshd: int, tmp_path: Path) -> None:
    """With strict keys nothing is said to it, and its key is not kept."""
    bastion = f"jump@127.0.0.1:{sshd}"
    found = inventory(Ssh(bastion=bastion, host_keys="strict", retries=1, pause=1))
    spread(found, tmp_path)
    State(found, Config())
    with pytest.raises(Exception, match=r"No host key for \S*127\.0\.0\.1\S* found in known_hosts"):
        found.get_host("app-1").connect(show_errors=False, raise_exceptions=True)

    assert "" == (tmp_path / ".slackwater/known_hosts/127.0.0.1").read_text()


def test_pyinfras_command_reads_it_from_group_data(tmp_path: Path) -> None:
    """A host where nobody listens is tried as often as `connection` says, and no longer."""
    (tmp_path / "group_data").mkdir()
    text = "from slackwater import Ssh\nconnection = Ssh(port=1, retries=1, pause=1)\n"
    (tmp_path / "group_data/all.py").write_text(text)
    (tmp_path / "hosts.py").write_text('hosts = [("app-1", {"ssh_hostname": "127.0.0.1"})]\n')
    start = "from pyinfra import config\nfrom slackwater.engine.start import start\nstart(config)\n"
    (tmp_path / "config.py").write_text(start)
    command = [sys.executable, "-c", "from pyinfra_cli.main import cli; cli()", "hosts.py", "exec", "-y", "--", "true"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, env=dict(os.environ))

    assert 0 != done.returncode
    assert (tmp_path / ".slackwater/known_hosts/app-1").is_file(), done.stderr
