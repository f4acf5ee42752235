"""What an instance of the lab's cloud stands for: nothing but books, or a host of a lab."""

from slackwater.lab.cloud.machines.machine import Machines
from slackwater.lab.cloud.machines.paper import Paper

__all__ = ["Machines", "Paper"]
