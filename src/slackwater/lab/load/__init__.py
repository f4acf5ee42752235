"""The loss counter: requests at a fixed rate that are never retried, and WebSockets that stay.

`run(Load(url, ...))` sends for its seconds; `with running(Load(url, ...)) as traffic:` until `traffic.stop()`. Either
gives a Result: what was lost, what came to the wrong request, what the app carried out twice, what was cut.
"""

from slackwater.lab.load._client import Client
from slackwater.lab.load._ledger import Executed, twice
from slackwater.lab.load._load import Load
from slackwater.lab.load._result import Result
from slackwater.lab.load._running import Running, run, running

__all__ = ["Client", "Executed", "Load", "Result", "Running", "run", "running", "twice"]
