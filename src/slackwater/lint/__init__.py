"""Lint: the whole declaration is checked before anything is touched."""

from slackwater.lint.cli import command
from slackwater.lint.inspection import CHECKS, Report, check, inspect

__all__ = ["CHECKS", "Report", "check", "command", "inspect"]
