"""The ssh transport, on a real socket."""

from __future__ import annotations

import socket

from slackwater.engine.transport import SSH, nodelay


def test_small_packets_are_not_held_back() -> None:
    """paramiko leaves Nagle's algorithm on; ours turns it off before a byte is sent."""
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()) as client:
        transport = nodelay(client)
        off = client.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
        transport.close()

    assert 0 != off


def test_a_jump_hosts_channel_is_no_socket() -> None:
    """It has no such option, and the transport is made all the same."""
    ours, theirs = socket.socketpair(socket.AF_UNIX)
    transport = nodelay(ours)
    transport.close()
    theirs.close()

    assert nodelay is SSH["transport_factory"]
