"""Runs on every app VM when told to: installs a release, proves a slot, switches to it, finds it after a boot."""
