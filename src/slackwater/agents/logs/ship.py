"""One run: what waits is sent, then packet after packet until there is nothing new or the time is over."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from . import journal, tails
from .packet import Packet, Position
from .places import Place
from .spool import Parcel, Spool
from .told import Told

Sources = Callable[[Position], Packet | None]
"""The next packet after a position; None when there is none."""


@dataclass
class Shipment:
    """`parcels` and `sent` count what has arrived, in packets and bytes; `is_all`: nothing that is known is left."""

    parcels: int = 0
    sent: int = 0
    is_all: bool = False


def ship(spool: Spool, place: Place, folder: str, sources: Sources, deadline: float) -> Shipment:
    """`folder` is what the keys begin with; `deadline` is on time.monotonic(). Raises OSError and RefusedError."""
    done = Shipment()
    if parcel := spool.waiting():
        _send(spool, place, parcel, done)
    while time.monotonic() < deadline:
        packet = sources(spool.position())
        if packet is None:
            done.is_all = True
            break
        _send(spool, place, spool.keep(packet, f"{folder}/{packet.name(time.time())}"), done)
    return done


def sources(told: Told, *, to_the_end: bool) -> Sources:
    """The app's own words first: they are what is looked for when a host is gone."""

    def next_packet(since: Position) -> Packet | None:
        return journal.read(told.units, since) or tails.read(told.files, told.root, since, to_the_end=to_the_end)

    return next_packet


def _send(spool: Spool, place: Place, parcel: Parcel, done: Shipment) -> None:
    place.put(parcel.key, parcel.body)
    spool.arrived(parcel)
    done.parcels, done.sent = done.parcels + 1, done.sent + len(parcel.body)
