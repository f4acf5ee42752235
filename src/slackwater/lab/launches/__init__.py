"""Lab hosts as instances: a cloud image on the disk, metadata of their own, and a group that waits for them."""

from slackwater.lab.launches.cloud_image import make, tell
from slackwater.lab.launches.disk import begin_with, keep
from slackwater.lab.launches.launch import Launched, first_line, launched, place
from slackwater.lab.launches.prepared import prepare
from slackwater.lab.launches.project import Project
from slackwater.lab.launches.relay import relay

__all__ = [
    "Launched",
    "Project",
    "begin_with",
    "first_line",
    "keep",
    "launched",
    "make",
    "place",
    "prepare",
    "relay",
    "tell",
]
