"""For whoever tries it: `python -m parcels.desk send 100` orders parcels, `report` says what became of them."""

import json
import random
import sys
import time

from parcels.tasks import BEGUN, SHIPPED, TICKS, ship, store

SHORTEST, LONGEST = 0.1, 5.0
"""Seconds that a parcel takes."""


def send(count: int, prefix: str) -> None:
    luck = random.Random(prefix)
    for number in range(count):
        ship.delay(f"{prefix}-{number}", luck.uniform(SHORTEST, LONGEST))


def report() -> dict[str, object]:
    """What was shipped, in that order; how often each was begun; when beat's tasks ran."""
    begun = {name.decode(): int(times) for name, times in store().hgetall(BEGUN).items()}
    return {
        "shipped": [name.decode() for name in store().lrange(SHIPPED, 0, -1)],
        "begun": begun,
        "waiting": store().llen("parcels"),
        "reserved": store().hlen("unacked"),
        "ticks": [float(moment) for moment in store().lrange(TICKS, 0, -1)],
    }


def main() -> None:
    match sys.argv[1:]:
        case ["send", count, *prefix]:
            send(int(count), prefix[0] if prefix else f"{time.time():.0f}")
        case ["report"]:
            print(json.dumps(report()))
        case _:
            sys.exit("python -m parcels.desk send COUNT [PREFIX] | report")


if __name__ == "__main__":
    main()
