"""Runs on every app VM when it is told to: install a release, prove a slot, switch to it, find it again after a boot."""
