"""The lab's cloud as a server on this machine."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from moto.moto_server.werkzeug_app import MotoRequestHandler
from werkzeug.serving import make_server

from slackwater.lab.cloud.endpoint import REGION, Endpoint
from slackwater.lab.cloud.front import Front
from slackwater.lab.cloud.machines import Machines, Paper
from slackwater.lab.cloud.moto import LOCK, Moto
from slackwater.lab.cloud.region import Region
from slackwater.lab.cloud.scaling.hooks import SHORTEST
from slackwater.lab.metadata import Instance

TICK = 0.05
"""Seconds between two looks at what has run out."""
AFTER_A_FAULT = 1.0
"""Seconds: a fault that lasts would fill the log at every tick."""


@contextmanager
def cloud(
    directory: Path | None = None,
    *,
    port: int = 0,
    lifecycle: bool = False,
    clock: Callable[[], float] = time.monotonic,
    shortest_heartbeat: int = SHORTEST,
    machines: Machines | None = None,
) -> Iterator[Endpoint]:
    """Runs in threads of this process, on 127.0.0.1 only; what was made in it is gone afterwards.

    `directory` takes its log. With `lifecycle`, hooks and target groups hold instances: without it a launch is in
    service at once. With a `Clock` of one's own nothing runs out until `Endpoint.cloud.turn()`. `shortest_heartbeat`
    is AWS's 30 s. `machines` are what instances are; LabMachines are hosts of a lab, which then reach it at the lab's
    own address.
    """
    moto, machines = Moto(), machines or Paper()

    def make_region(name: str) -> Region:
        return Region(moto, name, lifecycle=lifecycle, clock=clock, shortest=shortest_heartbeat, machines=machines)

    regions = {REGION: make_region(REGION)}
    front = Front(moto, regions, make_region)
    server = make_server(machines.address, port, front, threaded=True, request_handler=Quiet)
    ended = threading.Event()
    threads = [threading.Thread(target=server.serve_forever, daemon=True)]
    if clock is time.monotonic:
        threads.append(threading.Thread(target=tick, args=(regions, ended), daemon=True))
    with _log(directory), machines.serving(partial(_find, regions)):
        for thread in threads:
            thread.start()
        try:
            yield Endpoint(f"http://{machines.address}:{server.server_port}", front, front.levers)
        finally:
            ended.set()
            server.shutdown()
            server.server_close()
            for thread in threads:
                thread.join()
            for region in regions.values():
                region.close()
            machines.close()
            moto.forget()


def _find(regions: dict[str, Region], address: str) -> Instance | None:
    """Whose metadata are asked for from there."""
    found = (region.registry.find(address) for region in list(regions.values()))
    return next((each for each in found if each), None)


class Quiet(MotoRequestHandler):
    """moto's own, without a line for each request."""

    def log(self, type: str, message: str, *args: object) -> None:  # noqa: A002 - the base class names it so
        logging.getLogger("slackwater.lab.cloud.requests").debug(message, *args)


def tick(regions: dict[str, Region], ended: threading.Event) -> None:
    """Until `ended`. A region that fails is logged, and holds up neither the others nor its own next tick."""
    pause = TICK
    while not ended.wait(pause):
        with LOCK:
            results = [_ticked(name, region) for name, region in list(regions.items())]
        pause = TICK if all(results) else AFTER_A_FAULT


def _ticked(name: str, region: Region) -> bool:
    try:
        region.tick()
    except Exception:
        logging.getLogger("slackwater.lab.cloud").exception("region %s", name)
        return False
    return True


@contextmanager
def _log(directory: Path | None) -> Iterator[None]:
    if directory is None:
        yield
        return
    directory.mkdir(parents=True, exist_ok=True)
    handler = logging.FileHandler(directory / "cloud.log")
    handler.setFormatter(logging.Formatter("%(asctime)s %(name)s %(message)s"))
    logger = logging.getLogger("slackwater.lab.cloud")
    logger.addHandler(handler)
    try:
        yield
    finally:
        logger.removeHandler(handler)
        handler.close()
