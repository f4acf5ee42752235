"""Reads what hosts have shipped: also of hosts that are gone."""

from slackwater.logs.reading import Line, hosts, lines, shelf

__all__ = ["Line", "hosts", "lines", "shelf"]
