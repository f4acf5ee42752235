"""What the agent knows, to be read on loopback: as JSON, and as metrics."""
