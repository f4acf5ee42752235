"""Tests of lab hosts as instances."""
