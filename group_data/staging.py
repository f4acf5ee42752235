"""Staging."""

environment = "staging"
_sudo = True
