"""Releases: rolled out, refused, taken back."""
