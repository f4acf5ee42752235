"""Reads what hosts have shipped: also of hosts that are gone."""

from slackwater.logs.reading import Line, Wanted, hosts, last, lines, shelf

__all__ = ["Line", "Wanted", "hosts", "last", "lines", "shelf"]
