"""What every host is told."""

from slackwater import Logs, Store
from slackwater.engine.transport import SSH

store = Store.directory(".slackwater/store")
logs = Logs(keep=14, journal_max=500)

ssh_paramiko_connect_kwargs = SSH
