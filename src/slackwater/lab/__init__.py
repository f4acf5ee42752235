"""A fleet of real systemd machines on this machine."""

from slackwater.lab.fleet import Lab
from slackwater.lab.host import HostState, LabHost
from slackwater.lab.wishes import Wishes

__all__ = ["HostState", "Lab", "LabHost", "Wishes"]
