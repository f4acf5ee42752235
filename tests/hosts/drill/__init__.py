"""Drills as an operator types them."""
