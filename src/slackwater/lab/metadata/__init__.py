"""Instance metadata of a lab: what 169.254.169.254 answers an instance."""

from slackwater.lab.metadata.instance import Instance, Role
from slackwater.lab.metadata.place import in_lab, listening
from slackwater.lab.metadata.service import Service, serving

__all__ = ["Instance", "Role", "Service", "in_lab", "listening", "serving"]
