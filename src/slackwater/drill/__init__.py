"""The whole story on one machine: a group scales, rolls out, is interrupted and crashes under load, and is counted."""
