"""Read by pyinfra before the inventory: nobody is connected to before every setting has been checked."""

from pyinfra import config

from slackwater.engine.start import start

config.REQUIRE_PYINFRA_VERSION = ">=3.10,<4"
start(config)
