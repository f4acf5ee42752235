"""What the hosts that carry out the app's tasks are told. docs/workers.md has what the tasks themselves need."""

# ruff: noqa: ERA001
# Without workers nothing is needed here. To have some, take the comments away, name your own Celery application, and
# give the inventory hosts of the group `worker`: in the lab by `slackwater lab up --worker 2 --cache 1`. The release,
# its variables and its secrets are those of group_data/app.py; Celery is one of the app's own requirements.
#
# from slackwater import Worker
#
# worker = Worker(
#     application="shop.tasks:celery",
#     queues=["celery"],
#     time_limit=300,
#     soft_time_limit=240,
#     drain_timeout=60,
#     beat=False,
# )
