"""Lint as an operator meets it: real projects in a temporary directory, read by pyinfra's own code."""
