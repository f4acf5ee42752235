"""What the hosts with Redis are told: a broker for a small fleet and the lab. docs/workers.md has the rest."""

# ruff: noqa: ERA001
# A managed Redis needs nothing here. To have one of your own, take the comments away, give the inventory a host of the
# group `cache` and the app the broker's address, as secrets={"BROKER_URL": Secret.environment("BROKER_URL")}.
#
# from slackwater import Cache, Secret
#
# cache = Cache(password=Secret.environment("CACHE_PASSWORD"), memory=256)
