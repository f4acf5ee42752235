"""Checks of the whole fleet: each takes a Fleet and yields faults."""
