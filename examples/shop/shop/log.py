"""Log lines as JSON on stderr, each with the instance, the release and the request it belongs to."""

import json
import logging
import os
from contextvars import ContextVar
from datetime import UTC, datetime

INSTANCE = os.environ.get("SLACKWATER_INSTANCE", "unknown")
RELEASE = os.environ.get("SLACKWATER_RELEASE", "unknown")

request_id: ContextVar[str | None] = ContextVar("request_id", default=None)


class JsonFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "message": record.getMessage(),
            "instance": INSTANCE,
            "release": RELEASE,
            "request_id": request_id.get(),
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line)


def logger() -> logging.Logger:
    handler = logging.StreamHandler()
    handler.setFormatter(JsonFormatter())
    shop = logging.getLogger("shop")
    shop.handlers, shop.level, shop.propagate = [handler], logging.INFO, False
    return shop
