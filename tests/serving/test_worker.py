"""What clients of a worker see when it is told to stop."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest
from websockets.asyncio.client import ClientConnection, unix_connect
from websockets.exceptions import ConnectionClosed

from tests.serving.conftest import Gunicorn, Start

HANDSHAKE = (
    "GET {path} HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)
RESTARTS = 1012


async def closed(client: ClientConnection) -> tuple[int, float]:
    """The server's code (0 for a cut) and when it came; the client talks on until then."""
    try:
        while True:
            await client.send("hello")
            await client.recv()
            await asyncio.sleep(0.02)
    except ConnectionClosed as end:
        return (end.rcvd.code if end.rcvd else 0), time.monotonic()


async def goodbyes(
    served: Gunicorn, paths: Sequence[str], tell: Callable[[Gunicorn], float] = Gunicorn.terminate
) -> tuple[float, list[tuple[int, float]]]:
    """When it was told to stop, and each client's close."""
    clients = [await unix_connect(str(served.socket), f"ws://x{path}") for path in paths]
    told = tell(served)
    return told, await asyncio.gather(*map(closed, clients))


def silent(served: Gunicorn, path: str) -> socket.socket:
    """A client that was accepted, and then neither reads nor answers."""
    connection = served.connection()
    connection.sendall(HANDSHAKE.format(path=path).encode())

    assert connection.recv(64).startswith(b"HTTP/1.1 101")
    return connection


@pytest.mark.parametrize("worker", ["slackwater_serving.UvicornWorker", "app.OverWsproto", "app.OverLegacyWebsockets"])
def test_websockets_close_one_after_the_other(start: Start, worker: str) -> None:
    """Each of 30 clients is told to come back, spread over the time set; the app hears the same code."""
    served = start(worker, spread="2")
    told, ends = asyncio.run(goodbyes(served, ["/ws"] * 30))
    moments = sorted(moment for _, moment in ends)

    assert {RESTARTS} == {code for code, _ in ends}
    assert moments[-1] - moments[0] > 1
    assert served.wait() - told < 10
    assert 30 == served.log.read_text().count("app saw 1012")


def test_without_a_spread_all_close_at_once(start: Start) -> None:
    """0 is for those who have few clients, or a quick stop in mind."""
    served = start(spread="0")
    told, ends = asyncio.run(goodbyes(served, ["/ws"] * 30))

    assert {RESTARTS} == {code for code, _ in ends}
    assert max(moment for _, moment in ends) - told < 3


def test_requests_in_flight_are_answered_meanwhile(start: Start) -> None:
    """One that takes 2 s, longer than the spread; and none is accepted any more."""
    served = start(spread="1")
    with ThreadPoolExecutor() as pool:
        answer = pool.submit(served.request, 2)
        time.sleep(0.5)
        asyncio.run(goodbyes(served, ["/ws"] * 4))

        with pytest.raises(OSError):
            served.connection()

    assert answer.result().endswith(b"ok")
    assert 0 == served.process.wait(10)


def test_a_client_that_never_answers_does_not_hold_the_worker(start: Start) -> None:
    """The others are closed properly; the worker ends long before its graceful timeout."""
    served = start(spread="0", graceful=20)
    with silent(served, "/ws"):
        told, ends = asyncio.run(goodbyes(served, ["/ws"] * 3))
        took = served.wait() - told

    assert {RESTARTS} == {code for code, _ in ends}
    assert took < 10


def test_an_app_that_ignores_the_disconnect_is_ended_before_gunicorn_kills(start: Start) -> None:
    """Its clients are closed all the same, and the app's own shutdown runs."""
    served = start(spread="1", graceful=4)
    told, ends = asyncio.run(goodbyes(served, ["/deaf", "/ws", "/deaf"]))

    assert {RESTARTS} == {code for code, _ in ends}
    assert served.wait() - told < 4 + 3
    assert "lifespan ended" in served.log.read_text()


def test_a_spread_longer_than_the_graceful_timeout_is_cut_to_it(start: Start) -> None:
    """Every client still gets its close, and none is cut."""
    served = start(spread="600", graceful=5)
    _, ends = asyncio.run(goodbyes(served, ["/ws"] * 10))

    assert {RESTARTS} == {code for code, _ in ends}


def test_an_app_that_sends_after_the_close_logs_no_error(start: Start) -> None:
    """A broadcast in mid-flight is no fault of the app's."""
    served = start(spread="0")
    _, ends = asyncio.run(goodbyes(served, ["/chatty"] * 5))
    served.wait()

    assert {RESTARTS} == {code for code, _ in ends}
    assert "Traceback" not in served.log.read_text()


def test_without_websockets_nothing_waits_for_the_spread(start: Start) -> None:
    """A stop of an idle worker is as quick as uvicorn's own."""
    served = start(spread="15")
    told = served.terminate()

    assert served.wait() - told < 5


def test_a_request_longer_than_the_graceful_timeout_is_answered_before_the_kill(start: Start) -> None:
    """With a 500, not with silence."""
    served = start(graceful=2)
    with ThreadPoolExecutor() as pool:
        answer = pool.submit(served.request, 60)
        time.sleep(0.5)
        told = served.terminate()

    assert answer.result().startswith(b"HTTP/1.1 500")
    assert served.wait() - told < 2 + 3


def test_who_presses_ctrl_c_does_not_wait_for_the_spread(start: Start) -> None:
    """The terminal tells master and worker at once; the clients still get their close."""
    served = start(spread="15")
    told, ends = asyncio.run(goodbyes(served, ["/ws"] * 3, Gunicorn.interrupt))

    assert {RESTARTS} == {code for code, _ in ends}
    assert served.wait() - told < 7


def test_with_a_uvicorn_that_has_changed_its_own_shutdown_is_left(start: Start) -> None:
    """All at once, but properly; the log says why."""
    served = start("app.OverChangedUvicorn", spread="15")
    told, ends = asyncio.run(goodbyes(served, ["/ws"] * 3))

    assert {RESTARTS} == {code for code, _ in ends}
    assert served.wait() - told < 7
    assert "it has changed: " in served.log.read_text()


def test_a_spread_that_makes_no_sense_stops_the_start(start: Start) -> None:
    """The sentence names the variable, the value and what is allowed."""
    with pytest.raises(pytest.fail.Exception, match="SLACKWATER_WEBSOCKET_SPREAD is 'soon': it must be a number"):
        start(spread="soon")
