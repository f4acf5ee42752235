"""The tasks: each effect exactly once, though a task may be begun again on another host."""

import os
import time
from functools import cache

from celery import Celery
from redis import Redis, RedisError
from redis.backoff import NoBackoff
from redis.retry import Retry

BROKER = os.environ.get("BROKER_URL", "redis://127.0.0.1:6379/0")
SHIPPED, BEGUN, TICKS = "parcels:shipped", "parcels:begun", "parcels:ticks"

# The mark and the effect in one step: a host that dies between the two would lose the effect, or repeat it.
ONCE = """
if redis.call('SETNX', KEYS[1], ARGV[1]) == 0 then return 0 end
redis.call('RPUSH', KEYS[2], ARGV[1])
return 1
"""

celery = Celery("parcels", broker=BROKER)
celery.conf.update(
    # A message stays with the broker until its task has ended: a host that dies loses nothing.
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    task_ignore_result=True,
    task_default_queue="parcels",
    broker_connection_retry_on_startup=True,
    beat_schedule={"tick": {"task": "parcels.tick", "schedule": 1.0, "options": {"queue": "ticks", "expires": 30}}},
)


@cache
def store() -> Redis:
    """Made in the process that uses it: a connection must not be shared with the process it was forked from.

    It fails at once, for Celery tries again: a wait of its own would end in the time limit, and the task with it.
    """
    return Redis.from_url(BROKER, socket_timeout=2, socket_connect_timeout=2, retry=Retry(NoBackoff(), 0))


# To Celery a task that has failed is done, whatever acks_late says: one whose store is away must be tried again.
@celery.task(name="parcels.ship", autoretry_for=(RedisError,), max_retries=None, default_retry_delay=1)
def ship(parcel: str, seconds: float) -> None:
    """`seconds` stand for the work; what counts happens in one step at its end."""
    store().hincrby(BEGUN, parcel, 1)
    time.sleep(seconds)
    store().eval(ONCE, 2, f"parcels:mark:{parcel}", SHIPPED, parcel)


@celery.task(name="parcels.tick")
def tick() -> None:
    store().rpush(TICKS, f"{time.time():.3f}")
