"""One host in a process of its own, so that it can be frozen and killed: ssh, and what balancers ask it.

Its arguments are its directory, its address, the ports of ssh and of the app, and the server's key.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread

import paramiko

OWN = ("/usr/local/sbin/", "/etc/nginx/")
"""Places that commands name by their whole path: each host has its own below its directory."""


class Login(paramiko.ServerInterface):
    """Lets everybody in: it is on loopback, for the time of a test. A command outlives its connection, as with sshd."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.environment = {**os.environ, "HOST_HOME": str(home), "PATH": f"{home}/usr/local/sbin:{os.environ['PATH']}"}

    def get_allowed_auths(self, username: str) -> str:
        return "password"

    def check_auth_password(self, username: str, password: str) -> int:
        return paramiko.AUTH_SUCCESSFUL

    def check_channel_request(self, kind: str, chanid: int) -> int:
        return paramiko.OPEN_SUCCEEDED

    def check_channel_exec_request(self, channel: paramiko.Channel, command: bytes) -> bool:
        Thread(target=self._run, args=(channel, command.decode()), daemon=True).start()
        return True

    def _run(self, channel: paramiko.Channel, command: str) -> None:
        """Input first: it ends when the client knows that its command was taken, and an answer before that is lost."""
        given = channel.makefile("rb").read()
        for place in OWN:
            command = command.replace(place, f"{self.home}{place}")
        words = ["sh", "-c", command]
        done = subprocess.run(words, cwd=self.home, env=self.environment, check=False, capture_output=True, input=given)
        try:
            channel.sendall(done.stdout)
            channel.sendall_stderr(done.stderr)
            channel.send_exit_status(done.returncode)
        except OSError:
            return  # whoever asked is gone
        finally:
            channel.close()


class Health(BaseHTTPRequestHandler):
    """`told/live` and `told/ready` of the host hold what is wrong; without a live slot there is nobody to ask."""

    home: Path

    def do_GET(self) -> None:
        told = self.home / "told" / self.path.rpartition("/")[2]
        if not (self.home / "live").read_text():
            self._say(502, "nothing is live")
        elif told.exists():
            self._say(503, told.read_text())
        else:
            self._say(200, "ok")

    def _say(self, status: int, text: str) -> None:
        self.send_response(status)
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_: object) -> None:
        """Nothing: it would hide pytest's own output."""


def serve_ssh(home: Path, address: str, port: int, key: paramiko.PKey) -> None:
    listener = socket.create_server((address, port))
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    while True:
        connection, _ = listener.accept()
        transport = paramiko.Transport(connection)
        transport.add_server_key(key)
        transport.start_server(event=Event(), server=Login(home))  # an event, so that nobody waits for it


def main(home: str, address: str, ssh_port: str, app_port: str, key: str) -> None:
    handler = type("OfThisHost", (Health,), {"home": Path(home)})
    Thread(target=ThreadingHTTPServer((address, int(app_port)), handler).serve_forever, daemon=True).start()
    serve_ssh(Path(home), address, int(ssh_port), paramiko.ECDSAKey(filename=key))


if __name__ == "__main__":
    main(*sys.argv[1:])
