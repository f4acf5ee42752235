"""Staging."""

environment = "staging"
