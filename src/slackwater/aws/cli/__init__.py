"""The commands of the cloud half: `slackwater plan`, `apply`, `delete` and `permissions`."""
